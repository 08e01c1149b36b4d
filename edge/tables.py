"""Tables of plain text, for a person at a terminal."""

from __future__ import annotations

from collections.abc import Iterable

Row = tuple[str, ...]


def format_table(rows: Iterable[Row]) -> str:
    """``rows`` below each other, the first column aligned left, the others right.

    >>> print(format_table([("stage", "ms"), ("faces", "1.25")]))
    stage    ms
    faces  1.25
    """
    table = list(rows)
    widths = [max(len(cell) for cell in column) for column in zip(*table, strict=True)]
    lines = ("  ".join([row[0].ljust(widths[0]), *map(str.rjust, row[1:], widths[1:])]) for row in table)
    return "\n".join(line.rstrip() for line in lines)
