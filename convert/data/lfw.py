"""LFW (Huang et al., 2007): photos of people by name, ``NAME/NAME_0001.jpg``, and its lists of people.

A list is ``people.txt``, with the number of sets and each set's number of people, or ``peopleDevTrain.txt``, which is
one set without the first number; a line is ``name`` and how many photos there are.  Sets share nobody.
The lists of pairs are read by :mod:`convert.evaluate.pairs`.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

from convert.data.errors import DamagedError, DataError
from convert.data.faults import POLICY
from convert.data.groups import person as person_of
from convert.data.lists import Line, read_lines
from convert.data.pictures import all_image_files

_NAME = re.compile(r".+_\d{4}")
_FORM = "a name and the number of its photos"


@dataclass(frozen=True)
class PersonPhoto:
    """A photo and whom it shows."""

    path: Path
    person: str


@dataclass(frozen=True)
class ListedPerson:
    """A line of a list of people."""

    name: str
    photos: int


def read_photos(folder: Path, without: Collection[str] = ()) -> list[PersonPhoto]:
    """The photos in the subfolders of ``folder``, by name, of all people but those in ``without``.

    Raises:
        DataError: no photos, or too many whose name isn't their folder's.
    """
    photos = POLICY.sift(str(folder), all_image_files(folder), _photo)
    return [photo for photo in photos if photo.person not in without]


def read_people(listing: Path) -> list[list[ListedPerson]]:
    """The sets of people of ``people.txt`` or ``peopleDevTrain.txt``.

    Raises:
        DataError: it can't be read, a set is shorter or longer than its number says, someone is in two sets, or too
            many lines are damaged.
    """
    first, *lines = read_lines(listing)
    sets = [_read_set(chunk) for chunk in _chunks(first, lines)]
    names = [person.name for people in sets for person in people]
    if len(set(names)) < len(names):
        twice = next(name for name in names if names.count(name) > 1)
        raise DataError(f"{listing}: {twice} stands in it twice; sets must share nobody; restore the list")
    return sets


def _photo(file: Path) -> PersonPhoto:
    name = file.parent.name
    if not _NAME.fullmatch(file.stem) or person_of(file.stem) != name:
        raise DamagedError(f"{file}: expected NAME/NAME_0001.jpg with the same name twice; move or rename it")
    return PersonPhoto(file, name)


def _chunks(first: Line, lines: list[Line]) -> list[tuple[Line, list[Line]]]:
    """Each set's line with its number of people, and the lines up to the next."""
    if lines and _is_person(lines[0]):
        return [(first, lines)]
    starts = [position for position, line in enumerate(lines) if not _is_person(line)]
    if len(starts) != _count(first):
        raise DataError(f"{first}: promises {_count(first)} sets, received {len(starts)}; restore the list")
    ends = [*starts[1:], len(lines)]
    return [(lines[start], lines[start + 1 : end]) for start, end in zip(starts, ends, strict=True)]


def _read_set(chunk: tuple[Line, list[Line]]) -> list[ListedPerson]:
    head, lines = chunk
    if len(lines) != _count(head):
        raise DataError(f"{head}: promises {_count(head)} people, received {len(lines)}; restore the list")
    return list(POLICY.sift(str(head.file), lines, _person))


def _is_person(line: Line) -> bool:
    return len(line.text.split()) > 1


def _count(line: Line) -> int:
    if not line.text.strip().isdecimal():
        raise DataError(f"{line}: expected a number, received {line.text!r}; restore the list")
    return int(line.text)


def _person(line: Line) -> ListedPerson:
    name, number = line.fields(2, _FORM)
    if not number.isdecimal():
        raise DamagedError(f"{line}: expected {_FORM}, received {line.text!r}")
    return ListedPerson(name, int(number))
