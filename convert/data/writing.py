"""Files written whole or not at all."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from convert.data.errors import DataError


def write_whole(file: Path, data: bytes) -> None:
    """Write ``data`` to ``file``, whose folder is made if need be; an interruption leaves the one of before.

    Raises:
        DataError: it can't be written.
    """
    partial = file.with_name(f".partial-{file.name}")
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        partial.write_bytes(data)
        partial.replace(file)
    except OSError as error:
        raise DataError(f"{file}: can't write this ({error.strerror}); make room, or name another place") from error


def write_table(file: Path, columns: Sequence[str], rows: Iterable[Mapping[str, Any]]) -> None:
    """Write ``rows`` by the names of the ``columns`` as CSV to ``file``; see :func:`write_whole`."""
    text = io.StringIO()
    table = csv.DictWriter(text, columns)
    table.writeheader()
    table.writerows(rows)
    write_whole(file, text.getvalue().encode())
