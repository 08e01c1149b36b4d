"""Folders of people, ``<person>/<photo>``: LFW, an unpacked MS1M, or one's own; which train, and which validate."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from convert.data.cutting import Picture
from convert.data.errors import DataError
from convert.data.groups import GROUPS, SplitRule, is_held_out, rank
from convert.data.lfw import read_people
from convert.data.pictures import all_image_files

People = dict[str, list[Path]]
"""The photos of each person, by name."""

LEAST_HELD_OUT = 2
"""Pairs of different people need so many."""


@dataclass(frozen=True)
class PeopleSplit:
    """The photos to train on and those that validate; a picture's label is its person, as is its group."""

    train: list[Picture]
    validation: list[Picture]

    @property
    def names(self) -> list[str]:
        """The people to train on."""
        return sorted({picture.label for picture in self.train})


def find_people(folder: Path, least_photos: int = 1, without: Collection[str] = ()) -> People:
    """Everybody in ``folder`` with ``least_photos`` at least, less those in ``without``; the name is the folder's.

    Raises:
        DataError: no photos in subfolders, or fewer than four such people.
    """
    everybody: People = {}
    for file in all_image_files(folder):
        if file.parent != folder:
            everybody.setdefault(file.parent.relative_to(folder).as_posix(), []).append(file)
    people = {name: photos for name, photos in everybody.items() if len(photos) >= least_photos and name not in without}
    if len(people) < 2 * LEAST_HELD_OUT:
        raise DataError(
            f"{folder}: expected a folder for each person with {least_photos} photos or more, for "
            f"{2 * LEAST_HELD_OUT} people at least, received {len(people)} such of {len(everybody)}; give the folder "
            "of people with --data, or lower people.least_photos"
        )
    return people


def listed_names(listing: Path) -> set[str]:
    """The names in one of LFW's lists of people.

    Raises:
        DataError: see :func:`convert.data.lfw.read_people`.
    """
    return {person.name for people in read_people(listing) for person in people}


def split_people(people: People, share: float, rule: SplitRule = GROUPS, seed: int = 0) -> PeopleSplit:
    """``share`` of the people validate, two at least, or ``share`` of everybody's photos if ``rule`` says so."""
    if rule == GROUPS:
        ranked = sorted(people, key=rank)
        held_out = set(ranked[:LEAST_HELD_OUT])
        held_out |= {name for name in ranked[LEAST_HELD_OUT:-LEAST_HELD_OUT] if is_held_out(name, share)}
        return PeopleSplit(
            _pictures((name, people[name]) for name in sorted(people) if name not in held_out),
            _pictures((name, people[name]) for name in sorted(held_out)),
        )
    rng = np.random.default_rng(seed)
    train, validation = [], []
    for name in sorted(people):
        photos = [people[name][position] for position in rng.permutation(len(people[name]))]
        kept = max(1, round(len(photos) * (1 - share)))
        train.append((name, photos[:kept]))
        validation.append((name, photos[kept:]))
    return PeopleSplit(_pictures(train), _pictures(validation))


def photos_of(people: People, validation: Sequence[Path]) -> PeopleSplit:
    """The photos ``validation``, each a group of its own, and of ``people`` all whom they don't show, to train on."""
    shown = {photo.parent.name for photo in validation}
    return PeopleSplit(
        _pictures((name, people[name]) for name in sorted(people) if name not in shown),
        [Picture(photo, photo.parent.name, str(photo)) for photo in validation],
    )


def at_most(pictures: Sequence[Picture], photos: int, each: int) -> list[Picture]:
    """The first ``each`` of every person's ``pictures``, and of these ``photos`` at most, whole people at a time."""
    chosen: list[Picture] = []
    by_person: dict[str, list[Picture]] = {}
    for picture in pictures:
        by_person.setdefault(picture.label, []).append(picture)
    for name in sorted(by_person, key=rank):
        if len(chosen) + len(by_person[name][:each]) > photos:
            break
        chosen += by_person[name][:each]
    return chosen


def _pictures(people: Iterable[tuple[str, list[Path]]]) -> list[Picture]:
    return [Picture(photo, name, name) for name, photos in people for photo in photos]
