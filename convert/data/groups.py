"""Which photos belong together and which are held out: one rule, so that loaders of one picture never disagree."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path
from typing import Literal

SplitRule = Literal["groups", "random_frames"]
GROUPS: SplitRule = "groups"
RANDOM_FRAMES: SplitRule = "random_frames"
"""A random split of frames lets a network recognise the person or the room instead of the thing: ask for it by name."""

_NUMBER = re.compile(r"_\d+$")


def photo_group(path: Path) -> str:
    """Name what a photo must not share with the other side of a split, from its path alone.

    LFW's people (also as the CVPR13 list has them, in ``lfw_5590``) are one group each; HaGRID's photo is one group,
    whole or cut into crops; any other photo stands for itself.

    >>> photo_group(Path("mtfl/lfw_5590/Ann_Lee_0002.jpg"))
    'lfw_5590/Ann_Lee'
    >>> photo_group(Path("hands/hagrid/crops/like/00a1.jpg"))
    'hagrid/00a1'
    """
    if path.parent.name.startswith("lfw_"):
        return f"{path.parent.name}/{person(path.stem)}"
    if "hagrid" in path.parts:
        return f"hagrid/{path.stem}"
    return f"{path.parent.name}/{path.stem}"


def person(stem: str) -> str:
    """The person in LFW's names: ``Ann_Lee_0002`` → ``Ann_Lee``."""
    return _NUMBER.sub("", stem)


def is_held_out(group: str, share: float) -> bool:
    """Whether ``group`` is among the ``share`` (0 to 1) of all groups that are held out: the same in every run."""
    return rank(group) < share


def rank(group: str) -> float:
    """A number from 0 to 1 by which groups are held out, lowest first; the same on every machine."""
    digest = hashlib.sha256(group.encode()).digest()
    return int.from_bytes(digest[:8], "big") / 2**64
