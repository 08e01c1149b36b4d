"""One kind of list that a teacher writes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Generic, TypeVar

Picture = TypeVar("Picture")
Row = dict[str, Any]


@dataclass(frozen=True)
class Lesson(Generic[Picture]):
    """What to show a teacher and what to write down.

    ``table`` is the CSV file, below the data folder, with the ``columns``; ``pictures`` gives what there is to label
    below the data folder; ``open_teacher`` loads MediaPipe's networks and gives the function that labels one picture
    with any number of rows, with paths relative to the data folder.
    """

    table: Path
    columns: tuple[str, ...]
    pictures: Callable[[Path], Sequence[Picture]]
    open_teacher: Callable[[Path], Callable[[Picture], list[Row]]]
