"""The score from which a find counts, chosen on pictures of people who neither trained the network nor judge it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import keras
import numpy as np

from convert.data.groups import is_held_out
from convert.data.scenes import Scene
from convert.training.detector.detect import make_detect
from convert.training.detector.recipe import DetectorRecipe, SourceTable, ThresholdTable
from convert.training.scenes.judge import false_finds
from convert.training.scenes.sources import Source
from edge.vision.single_shot import Thresholds

SWEPT_SCORE = 0.1
"""No lower threshold is chosen."""

HIGHEST_SCORE = 0.9

EXPECTED_SHARE = 0.6
"""What an expected object needs of the threshold."""


def set_apart(
    sources: Sequence[Source[SourceTable]], recipe: DetectorRecipe
) -> tuple[list[Source[SourceTable]], list[Scene]]:
    """``sources`` less the training scenes that choose the threshold, and these.

    Of the people that are not held back, those next in rank choose.
    """
    limit = recipe.held_back + (1 - recipe.held_back) * recipe.threshold.share
    kept, choosing = [], []
    for source in sources:
        chooses = [source.table.chooses_threshold and is_held_out(scene.group, limit) for scene in source.train]
        train = [scene for scene, apart in zip(source.train, chooses, strict=True) if not apart]
        choosing += [scene for scene, apart in zip(source.train, chooses, strict=True) if apart]
        kept.append(replace(source, train=train))
    return kept, choosing


def choose_threshold(
    network: keras.Model, scenes: Sequence[Scene], table: ThresholdTable, smallest_px: float
) -> Thresholds:
    """The lowest score at which no more than the table's false finds a picture are left."""
    if not scenes:
        return Thresholds()
    detect = make_detect(network, Thresholds(score=SWEPT_SCORE, expected=SWEPT_SCORE), smallest_px)
    false = np.sort(np.concatenate([false_finds(detect(scene.read()), scene) for scene in scenes]))[::-1]
    allowed = int(table.false_per_image * len(scenes))
    lowest = float(false[allowed]) if allowed < len(false) else SWEPT_SCORE
    score = round(float(np.clip(np.ceil(lowest * 100 + 1e-6) / 100, SWEPT_SCORE, HIGHEST_SCORE)), 2)
    return Thresholds(score=score, expected=round(score * EXPECTED_SHARE, 2))
