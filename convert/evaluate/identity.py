"""Judges a bundle for identity on pairs of photos."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from convert.evaluate.embedding import Aligner, Embedder, embed
from convert.evaluate.mistakes import PICTURE_PX, Mistake, MistakeGroup
from convert.evaluate.pairs import Pair
from convert.evaluate.progress import Coverage, progress
from convert.evaluate.verification import verification_figures
from edge.camera.images import read_image
from edge.errors import InputError
from edge.inference.manifest import InputSpec
from edge.values import Image


@dataclass(frozen=True)
class People:
    """The crop of every photo that the pairs name and that could be read, and how many of them are ``unaligned``."""

    crops: Mapping[Path, Image]
    coverage: Coverage
    unaligned: int

    def known(self, pairs: Sequence[Pair]) -> list[Pair]:
        """The pairs of which both photos could be read."""
        return [pair for pair in pairs if pair.first in self.crops and pair.second in self.crops]


def load_people(pairs: Sequence[Pair], aligner: Aligner, coverage: Coverage) -> People:
    """Read and crop each photo once; ``coverage`` learns which can't be read."""
    crops = {}
    for photo in progress(sorted({photo for pair in pairs for photo in (pair.first, pair.second)}), "photos"):
        try:
            crops[photo] = aligner.crop(read_image(photo))
        except InputError as error:
            coverage.skip(error)
    return People(crops, coverage, aligner.unaligned)


def similarities(network: Embedder, spec: InputSpec, people: People, pairs: Sequence[Pair]) -> NDArray[np.float64]:
    """``(n,)``: the cosine of the two embeddings of each pair."""
    embeddings = {photo: embed(network, spec, crop) for photo, crop in people.crops.items()}
    return np.array([float(embeddings[pair.first] @ embeddings[pair.second]) for pair in pairs])


def pair_figures(found: NDArray[np.float64], pairs: Sequence[Pair], people: People) -> dict[str, Any]:
    """The figures of LFW's protocol, and what was left out or could not be aligned."""
    same = np.array([pair.same for pair in pairs])
    return {
        **verification_figures(found, same, np.array([pair.fold for pair in pairs])),
        "photos": len(people.crops),
        "unaligned": people.unaligned,
        **people.coverage.figures(),
    }


def worst_pairs(
    found: NDArray[np.float64], threshold: float, pairs: Sequence[Pair], people: People, number: int
) -> list[MistakeGroup]:
    """The most alike pairs of two people, and the least alike of one, on the wrong side of ``threshold``."""
    same = np.array([pair.same for pair in pairs])
    kinds = (
        ("Two people taken for one", "The most alike first.", ~same & (found >= threshold), -found),
        ("One person taken for two", "The least alike first.", same & (found < threshold), found),
    )
    groups = []
    for title, note, wrong, order in kinds:
        positions = np.flatnonzero(wrong)
        worst = positions[np.argsort(order[positions], kind="stable")][:number].tolist()
        shown = tuple(_mistake(pairs[index], float(found[index]), people) for index in worst)
        groups.append(MistakeGroup(title, f"{len(positions):,} pairs. {note}", shown))
    return [group for group in groups if group.mistakes]


def _mistake(pair: Pair, similarity: float, people: People) -> Mistake:
    sides = [cv2.resize(people.crops[photo], (PICTURE_PX, PICTURE_PX)) for photo in (pair.first, pair.second)]
    return Mistake(np.hstack(sides), f"similarity {similarity:.2f}", "", f"{pair.first.stem} · {pair.second.stem}")
