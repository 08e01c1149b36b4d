"""Folders of images in which there is none of the objects sought."""

from __future__ import annotations

from pathlib import Path

from convert.data.groups import photo_group
from convert.data.pictures import all_image_files
from convert.data.scenes import Scene


def backgrounds(folder: Path) -> list[Scene]:
    """List all images under ``folder`` as scenes without an object."""
    return [Scene(path, group=photo_group(path), complete=True) for path in all_image_files(folder)]
