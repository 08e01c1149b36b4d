"""Looks at every picture of a data set once, before hours of training: is it whole, and does it validate too?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from tqdm import tqdm

from convert.data.duplicates import pixel_hash
from convert.data.faults import POLICY
from convert.data.scenes import Scene


@dataclass(frozen=True)
class Checked:
    """A scene whose picture can be read, and the ``digest`` of its pixels."""

    scene: Scene
    digest: str


def check(source: str, scenes: Sequence[Scene]) -> list[Checked]:
    """The scenes whose pictures are whole; ``source`` names the data set in messages.

    Raises:
        DataError: too many pictures are damaged.
    """
    bar = tqdm(scenes, desc=f"checking {source}", unit="picture", disable=None, leave=False)
    return list(POLICY.sift(source, bar, lambda scene: Checked(scene, pixel_hash(scene.read()))))
