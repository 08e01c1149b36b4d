"""Splitting by group: a person, session or photo stands on one side only."""

from __future__ import annotations

import hashlib

import numpy as np
from numpy.typing import NDArray


def is_held_out(group: str, share: float) -> bool:
    """Whether ``group`` is among the ``share`` (0 to 1) of all groups that are held out: the same in every run."""
    digest = hashlib.sha256(group.encode()).digest()
    return int.from_bytes(digest[:8], "big") < share * 2**64


def held_out_mask(groups: NDArray[np.str_], share: float) -> NDArray[np.bool_]:
    """``(n,)``: which of ``groups`` ``(n,)`` are held out."""
    chosen = {group: is_held_out(group, share) for group in set(groups.tolist())}
    return np.array([chosen[group] for group in groups.tolist()], bool)
