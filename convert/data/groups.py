"""Which photos belong together: one rule of names, so that loaders of the same pictures never disagree on a split."""

from __future__ import annotations

import re
from pathlib import Path

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
