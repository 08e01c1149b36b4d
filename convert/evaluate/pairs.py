"""Lists of pairs of photos in the form of LFW's ``pairs.txt``: the same person twice, or two people."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from convert.data.errors import DataError

PAIRS_FILE = "pairs.txt"
FOLDS = 10
"""A list without folds is cut into so many, as LFW's own."""

_SUFFIXES = (".jpg", ".png", ".jpeg")


@dataclass(frozen=True)
class Pair:
    """Two photos, whether they show the ``same`` person, and the ``fold`` (from 0) that they belong to."""

    first: Path
    second: Path
    same: bool
    fold: int


def read_pairs(file: Path, people: Path) -> list[Pair]:
    """The pairs in ``file`` of photos ``NAME/NAME_0001.jpg`` in the folder ``people``.

    The first line holds the number of folds and the pairs of each kind in a fold, or the latter alone.  Then each fold
    has its lines ``name i j`` (one person), and after them its lines ``name i name j`` (two people).

    Raises:
        DataError: the file is missing, or a line of it has another form.
    """
    try:
        lines = [line for line in file.read_text("utf-8").splitlines() if line.strip()]
    except (OSError, UnicodeDecodeError) as error:
        raise DataError(f"{file}: can't read this list of pairs ({error}); --pairs names a file like LFW's") from error
    folds, each = _header(file, lines[0] if lines else "")
    if len(lines) - 1 != 2 * folds * each:
        raise DataError(
            f"{file}: the first line promises {folds} × 2 × {each} pairs, received {len(lines) - 1}; restore the list"
        )
    pairs = [_pair(file, number, line, people) for number, line in enumerate(lines[1:], 2)]
    if folds == 1:
        return _cut(pairs)
    return [_in_fold(pair, position // (2 * each)) for position, pair in enumerate(pairs)]


def _header(file: Path, line: str) -> tuple[int, int]:
    try:
        *folds, each = map(int, line.split())
    except ValueError:
        each, folds = 0, []
    if each < 1 or len(folds) > 1 or min(folds, default=1) < 1:
        raise DataError(f"{file}:1: expected the number of folds and of pairs of a kind in each, received {line!r}")
    return (folds[0] if folds else 1), each


def _pair(file: Path, number: int, line: str, people: Path) -> Pair:
    fields = line.split("\t") if "\t" in line else line.split()
    try:
        if len(fields) == 3:
            name, first, second = fields
            return Pair(_photo(people, name, first), _photo(people, name, second), True, 0)
        name, first, other, second = fields
        return Pair(_photo(people, name, first), _photo(people, other, second), False, 0)
    except ValueError as error:
        raise DataError(
            f"{file}:{number}: expected `name i j` or `name i name j` with whole numbers, received {line!r}"
        ) from error


def _photo(people: Path, name: str, number: str) -> Path:
    stem = people / name / f"{name}_{int(number):04d}"
    found = (stem.with_name(stem.name + suffix) for suffix in _SUFFIXES)
    return next((file for file in found if file.is_file()), stem.with_name(stem.name + _SUFFIXES[0]))


def _cut(pairs: list[Pair]) -> list[Pair]:
    """Spread pairs without folds evenly over :data:`FOLDS`, each kind by itself."""
    folds = np.empty(len(pairs), int)
    for kind in (True, False):
        positions = np.flatnonzero([pair.same is kind for pair in pairs])
        folds[positions] = np.arange(len(positions)) * FOLDS // max(len(positions), 1)
    return [_in_fold(pair, fold) for pair, fold in zip(pairs, folds.tolist(), strict=True)]


def _in_fold(pair: Pair, fold: int) -> Pair:
    return Pair(pair.first, pair.second, pair.same, fold)
