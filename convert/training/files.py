"""Writing a file whole or not at all."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from convert.training.errors import WriteError


@contextmanager
def replacing(file: Path) -> Iterator[Path]:
    """The path to write to instead of ``file``: it takes the place of ``file`` once it is whole and on the disk.

    A kill or a failure at any moment leaves ``file`` as it was, or as it should be.

    Raises:
        WriteError: the disk is full, or the folder can't be written to.
    """
    partial = file.with_name(f".partial-{file.name}")
    try:
        yield partial
        synchronise(partial)
        partial.replace(file)
        synchronise(file.parent)
    except OSError as error:
        partial.unlink(missing_ok=True)
        stays = "; the one of before stays" if file.exists() else ""
        raise WriteError(
            f"{file}: can't be written ({error.strerror or error}){stays}; make room there, then go on with --resume"
        ) from error


def make_folder(folder: Path) -> None:
    """Make ``folder`` and those above it, where they are missing.

    Raises:
        WriteError: it can't be made, or is a file.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise WriteError(f"{folder}: can't be made ({error.strerror}); give another folder with --out") from error


def synchronise(path: Path) -> None:
    """Wait until the disk holds ``path``: without this a rename may survive a power cut that the content doesn't."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
