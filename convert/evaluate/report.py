"""The result of an evaluation as text for a terminal."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from convert.evaluate.tables import Table, confusion, tables
from convert.evaluate.words import notes


def format_result(result: dict[str, Any]) -> str:
    """What ``evaluate`` prints without ``--json``."""
    return "\n".join(_lines(result))


def _lines(result: dict[str, Any]) -> Iterator[str]:
    yield f"{result['task']}: {result['bundle']} on {result['data']}, n = {result['n']:,}"
    for table in tables(result):
        yield ""
        yield from _table(table)
    if matrix := confusion(result["int8"]):
        yield ""
        yield from _table(matrix)
    for note in notes(result):
        yield ""
        yield note
    yield from (f"  {message}" for message in result["int8"]["skipped"])


def _table(table: Table) -> Iterator[str]:
    """Names to the left, numbers to the right, columns as wide as they need."""
    lines = (table.header, *table.rows)
    widths = [max(len(line[column]) for line in lines) for column in range(len(table.header))]
    for line in lines:
        name, *numbers = line
        cells = (f"{cell:>{width}}" for cell, width in zip(numbers, widths[1:], strict=True))
        yield "  ".join((f"{name:<{widths[0]}}", *cells)).rstrip()
