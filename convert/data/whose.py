"""Who is in a picture of a person's own folder: by a table beside it, a pattern of names, or subfolders."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from pathlib import Path

from convert.data.errors import DamagedError, DataError
from convert.data.groups import RANDOM_FRAMES
from convert.data.tables import Row, read_rows

TABLES = ("groups.csv", "subjects.csv")
IMAGE_COLUMN = "image"
GROUP_COLUMNS = ("person", "subject", "session", "group")
PATTERN_GROUP = "person"

GroupOf = Callable[[Path], str]
"""``group_of(picture)`` → its person or session; the path is relative to the folder, ``<class>/…``.

Raises :class:`DamagedError` where nothing tells.
"""


def find_groups(folder: Path, pictures: Sequence[Path], pattern: str | None, needed: bool = True) -> GroupOf:
    """What tells the persons in ``pictures``, which are relative to ``folder``.

    It is ``pattern``, whose group ``person`` is searched for in ``<class>/…/<picture>``; or else a table ``groups.csv``
    or ``subjects.csv`` with the columns ``image`` and ``person`` (or ``subject``, ``session``, ``group``); or else the
    subfolders ``<class>/<person>/``.  Where there is none and none is ``needed``, each picture stands for itself.

    Raises:
        DataError: none of them, or a table without these columns.
    """
    if pattern is not None:
        return _by_pattern(pattern)
    if table := next((folder / name for name in TABLES if (folder / name).is_file()), None):
        return _by_table(table)
    if any(_subfolders(picture) for picture in pictures):
        return _by_subfolder
    if not needed:
        return str
    raise DataError(
        f"{folder}: nothing tells who is in which picture, so that nobody could say how well the network does with "
        "people it has not seen. Put each person's or session's pictures into a subfolder <class>/<person>/; or add "
        f"{TABLES[0]} with the columns {IMAGE_COLUMN},{GROUP_COLUMNS[0]}; or set folder.person_pattern in the recipe; "
        f"or ask for figures that flatter, with folder.split = {RANDOM_FRAMES!r}"
    )


def _by_pattern(pattern: str) -> GroupOf:
    compiled = re.compile(pattern)

    def group_of(picture: Path) -> str:
        found = compiled.search(picture.as_posix())
        if found is None or not found[PATTERN_GROUP]:
            raise DamagedError(f"{picture}: folder.person_pattern {pattern!r} finds nobody in this name")
        return found[PATTERN_GROUP]

    return group_of


def _by_table(table: Path) -> GroupOf:
    rows = read_rows(table, (IMAGE_COLUMN,))
    column = _group_column(table, rows)
    group_by_image = {Path(row[IMAGE_COLUMN]): row[column] for row in rows}

    def group_of(picture: Path) -> str:
        group = group_by_image.get(picture)
        if not group:
            raise DamagedError(f"{picture}: {table} doesn't name this picture with its {column}; add a row")
        return group

    return group_of


def _group_column(table: Path, rows: Sequence[Row]) -> str:
    columns = rows[0].cells if rows else ()
    column = next((name for name in GROUP_COLUMNS if name in columns), None)
    if column is None:
        raise DataError(
            f"{table}: expected rows with the column {IMAGE_COLUMN} and one of {', '.join(GROUP_COLUMNS)}, "
            f"received {', '.join(columns) or 'no row'}"
        )
    return column


def _by_subfolder(picture: Path) -> str:
    subfolders = _subfolders(picture)
    if not subfolders:
        raise DamagedError(f"{picture}: stands in no person's folder, as others do; move it to <class>/<person>/")
    return subfolders[0]


def _subfolders(picture: Path) -> tuple[str, ...]:
    """Those between the class and the picture."""
    return picture.parts[1:-1]
