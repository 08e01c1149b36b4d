"""Folders of images in which there is none of the objects sought."""

from __future__ import annotations

from pathlib import Path

from convert.data.scenes import Scene
from edge.errors import InputError

_SUFFIXES = {".jpg", ".jpeg", ".png"}


def backgrounds(folder: Path) -> list[Scene]:
    """List all images under ``folder`` as scenes without an object."""
    paths = sorted(path for path in folder.rglob("*") if path.suffix.lower() in _SUFFIXES)
    if not paths:
        raise InputError(f"{folder}: expected a folder of images (jpg, png); found none; unpack the archive there")
    return [Scene(path, group=f"{folder.name}/{path.stem}", complete=True) for path in paths]
