"""How well embeddings tell people apart, by pairs of photos drawn from those that validate."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any

import numpy as np
from numpy.typing import NDArray

from convert.evaluate.pairs import FOLDS, Pair
from convert.evaluate.verification import STRICT_FAR, verification_figures

MOST_PAIRS = 3000
"""Of each kind; as many as in LFW's own list."""


@dataclass(frozen=True)
class PhotoPairs:
    """Positions ``first`` and ``second`` ``(n,)`` of two photos, and whether they show the ``same`` person ``(n,)``."""

    first: NDArray[np.int64]
    second: NDArray[np.int64]
    same: NDArray[np.bool_]

    def __len__(self) -> int:
        return len(self.same)


def draw_pairs(people: NDArray[np.int64], seed: int = 0, most: int = MOST_PAIRS) -> PhotoPairs:
    """Pairs of photos of ``people`` ``(n,)``: all of one person, ``most`` at most, and as many of two people.

    Not by the training's seed: the figures of two trainings are of the same pairs.
    """
    photos = [np.flatnonzero(people == person) for person in np.unique(people)]
    same = np.array([pair for found in photos for pair in combinations(found.tolist(), 2)], np.int64).reshape(-1, 2)
    rng = np.random.default_rng(seed)
    same = rng.permutation(same)[:most]
    different = _strangers(people, len(same), rng)
    both = np.concatenate([same, different])
    return PhotoPairs(both[:, 0], both[:, 1], np.arange(len(both)) < len(same))


def listed_pairs(pairs: Sequence[Pair], photos: Sequence[str]) -> PhotoPairs:
    """Those of ``pairs`` of which both are among ``photos``, by path."""
    position_of = {photo: position for position, photo in enumerate(photos)}
    rows = [
        (position_of[str(pair.first)], position_of[str(pair.second)], pair.same)
        for pair in pairs
        if str(pair.first) in position_of and str(pair.second) in position_of
    ]
    first, second, same = np.array(rows, np.int64).reshape(-1, 3).T
    return PhotoPairs(first, second, same.astype(bool))


def similarities(embeddings: NDArray[np.float32], pairs: PhotoPairs) -> NDArray[np.float64]:
    """The cosine ``(n,)`` of each pair, of ``embeddings`` ``(photos, d)`` of any length."""
    unit = _unit(embeddings)
    return np.asarray((unit[pairs.first] * unit[pairs.second]).sum(axis=1))


def strict_threshold(embeddings: NDArray[np.float32], people: NDArray[np.int64], far: float = STRICT_FAR) -> float:
    """The similarity above which at most ``far`` of all pairs of photos of two ``people`` ``(n,)`` lie.

    Every photo meets every stranger's: a few hundred listed pairs can't tell what one in a thousand is.

    >>> strict_threshold(np.eye(2, dtype=np.float32)[[0, 0, 1, 1]], np.array([0, 1, 1, 2]), far=0.25)
    0.0
    """
    unit = _unit(embeddings)
    first, second = np.triu_indices(len(people), 1)
    strangers = people[first] != people[second]
    found = np.sort((unit @ unit.T)[first[strangers], second[strangers]])[::-1]
    return float(found[min(int(far * len(found)), len(found) - 1)])


def pair_figures(embeddings: NDArray[np.float32], pairs: PhotoPairs) -> dict[str, Any]:
    """The plain figures of LFW's protocol; its folds are cut evenly, each kind by itself."""
    folds = np.empty(len(pairs), np.int64)
    for kind in (True, False):
        positions = np.flatnonzero(pairs.same == kind)
        folds[positions] = np.arange(len(positions)) * FOLDS // max(len(positions), 1)
    figures = verification_figures(similarities(embeddings, pairs), pairs.same, folds)
    return {name: value for name, value in figures.items() if name not in ("folds", "roc", "similarity")}


def _unit(embeddings: NDArray[np.float32]) -> NDArray[np.float64]:
    lengths = np.linalg.norm(embeddings.astype(np.float64), axis=1, keepdims=True)
    return np.asarray(embeddings / np.maximum(lengths, 1e-12))


def _strangers(people: NDArray[np.int64], number: int, rng: np.random.Generator) -> NDArray[np.int64]:
    """``(number, 2)``: photos of two people, who are drawn first, so that nobody with many photos is in most pairs."""
    names = np.unique(people)
    photos = {name: np.flatnonzero(people == name) for name in names}
    return np.array(
        [[rng.choice(photos[name]) for name in rng.choice(names, 2, replace=False)] for _ in range(number)], np.int64
    ).reshape(-1, 2)
