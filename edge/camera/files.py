"""Checks that every file source makes first."""

from __future__ import annotations

from pathlib import Path

from edge.errors import InputError


def check_file(path: Path) -> None:
    """Raise InputError unless ``path`` is a file with something in it that this user may read."""
    if not path.exists():
        raise InputError(f"{path}: no such file. Check the path")
    if not path.is_file():
        raise InputError(f"{path}: is not a regular file. Name a file")
    try:
        with path.open("rb") as file:
            empty = not file.read(1)
    except OSError as error:
        raise InputError(f"{path}: cannot be read: {error.strerror}. Check its permissions") from error
    if empty:
        raise InputError(f"{path}: is empty (0 bytes). Copy or record it again")
