"""Tables in CSV: rows by the names of their columns, which know where they stand."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from convert.data.errors import DamagedError, DataError
from convert.data.lists import reading


@dataclass(frozen=True)
class Row:
    """A row of a table; ``number`` is its line, counted from 1 with the header."""

    file: Path
    number: int
    cells: dict[str, str]

    def __str__(self) -> str:
        return f"{self.file}:{self.number}"

    def __getitem__(self, column: str) -> str:
        """The cell in ``column``, which the header names.

        Raises:
            DamagedError: the row ends before it.
        """
        if column not in self.cells:
            raise DamagedError(f"{self}: expected {column}, but the row has {len(self.cells)} cells")
        return self.cells[column]

    def floats(self, columns: Sequence[str]) -> list[float]:
        """The numbers in ``columns``.

        Raises:
            DamagedError: one is none.
        """
        try:
            return [float(self[column]) for column in columns]
        except ValueError as error:
            raise DamagedError(f"{self}: expected numbers in {', '.join(columns)}; {error}") from error


def read_rows(file: Path, columns: Sequence[str]) -> list[Row]:
    """The rows of ``file``, whose header must name ``columns``; blanks around names and cells are dropped.

    Raises:
        DataError: it can't be read, or lacks a column.
    """
    with reading(file), file.open(newline="", encoding="utf-8") as text:
        reader = csv.reader(text)
        header = [name.strip() for name in next(reader, [])]
        if missing := [column for column in columns if column not in header]:
            raise DataError(f"{file}: expected the columns {', '.join(columns)}, lacks {', '.join(missing)}")
        return [Row(file, reader.line_num, _cells(header, values)) for values in reader if values]


def _cells(header: list[str], values: list[str]) -> dict[str, str]:
    return dict(zip(header, (value.strip() for value in values), strict=False))
