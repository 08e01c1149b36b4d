"""Splitting by group: a person, session or photo stands on one side only.

See :mod:`convert.data.groups` for the rule.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from convert.data.classes import LabelledImages
from convert.data.duplicates import pixel_hashes, without_duplicates
from convert.data.errors import DataError
from convert.data.groups import GROUPS, RANDOM_FRAMES, SplitRule, is_held_out, rank

Parts = tuple[LabelledImages, LabelledImages]
"""What to train on, and what validates."""


def held_out_mask(groups: NDArray[np.str_], share: float) -> NDArray[np.bool_]:
    """``(n,)``: which of ``groups`` ``(n,)`` are held out."""
    chosen = {group: is_held_out(group, share) for group in set(groups.tolist())}
    return np.array([chosen[group] for group in groups.tolist()], bool)


def split_images(images: LabelledImages, share: float, rule: SplitRule = GROUPS, seed: int = 0) -> Parts:
    """``images`` split by group, at least one of which is held out, or at random if ``rule`` says so.

    Raises:
        DataError: there are fewer than two groups.
    """
    if rule == RANDOM_FRAMES:
        held_out = np.random.default_rng(seed).random(len(images)) < share
        return images.take(~held_out), images.take(held_out)
    groups = sorted(set(images.groups.tolist()), key=rank)
    if len(groups) < 2:
        raise DataError(
            f"{', '.join(groups) or 'nothing'}: a split by person or session needs two of them at least; put each "
            f"one's pictures into a subfolder, or ask for a split by {RANDOM_FRAMES!r}, whose figures flatter"
        )
    chosen = [group for group in groups[1:-1] if is_held_out(group, share)]
    held_out = np.isin(images.groups, [groups[0], *chosen])
    return images.take(~held_out), images.take(held_out)


def disjoint(source: str, parts: Parts) -> Parts:
    """``parts`` less the training pictures that validate too, by their pixels, which are reported as ``source``'s."""
    train, validation = parts
    kept = without_duplicates(source, _named(train), _named(validation))
    return train.take(kept), validation


def _named(images: LabelledImages) -> list[tuple[str, object]]:
    return list(zip(pixel_hashes(images.images), images.groups.tolist(), strict=True))


def leave_one_group_out(images: LabelledImages) -> Iterator[tuple[str, Parts]]:
    """Each group in turn, with all others to train on and it to validate: leave-one-subject-out where it's a person."""
    for group in sorted(set(images.groups.tolist())):
        yield group, leave_out(images, [group])


def leave_out(images: LabelledImages, groups: Sequence[str]) -> Parts:
    """All groups but ``groups``, and these.

    Raises:
        DataError: one of them doesn't occur, or nothing else does.
    """
    if missing := sorted(set(groups) - set(images.groups.tolist())):
        raise DataError(
            f"held out: {', '.join(missing)} doesn't occur; there are {', '.join(sorted(set(images.groups.tolist())))}"
        )
    held_out = np.isin(images.groups, list(groups))
    if held_out.all():
        raise DataError(f"held out: {', '.join(sorted(groups))} leaves nobody to train on; unpack more people's data")
    return images.take(~held_out), images.take(held_out)
