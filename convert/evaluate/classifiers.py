"""Judges a classifier's bundle on labelled crops, through the device's own code."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from convert.evaluate.mistakes import Mistake, MistakeGroup
from convert.evaluate.sources import Crops
from edge.inference import Bundle
from edge.perception.classifier import LOGITS, Classifier
from edge.perception.looks import look, middle_of

BATCH = 32

Score = Callable[[Sequence[NDArray[np.uint8]]], NDArray[np.float32]]
"""Logits ``(n, k)`` of up to :data:`BATCH` BGR crops ``(size, size, 3)``."""


def int8_logits(bundle: Bundle, crops: Crops) -> NDArray[np.float32]:
    """``(n, k)``: the bundle's logits, each row up to a constant, which no probability shows."""
    classifier = Classifier(bundle, batch=BATCH)
    temperature = np.float32(bundle.manifest.temperature)
    least = np.finfo(np.float32).tiny
    return _score(lambda images: np.log(np.maximum(classifier.probabilities(images), least)) * temperature, crops)


def float_logits(bundle: Bundle, checkpoint: Path, crops: Crops) -> NDArray[np.float32]:
    """``(n, k)``: the logits of the checkpoint's Keras network."""
    from convert.evaluate.floats import float_networks

    task = bundle.manifest.task.value
    network = float_networks(bundle.manifest, checkpoint)[task]
    spec = bundle.manifest.networks[task].input

    def run(pixels: NDArray[np.uint8]) -> NDArray[np.float32]:
        network.invoke(pixels)
        return network.real(LOGITS)

    def score(images: Sequence[NDArray[np.uint8]]) -> NDArray[np.float32]:
        return look(run, np.stack([middle_of(image, spec) for image in images]), spec)

    return _score(score, crops)


def worst_classified(
    crops: Crops, probabilities: NDArray[np.float32], labels: Sequence[str], number: int
) -> list[MistakeGroup]:
    """The ``number`` wrong answers that were given with the greatest confidence."""
    found, confidence = probabilities.argmax(axis=1), probabilities.max(axis=1)
    wrong = np.flatnonzero(found != crops.targets)
    worst = wrong[np.argsort(-confidence[wrong], kind="stable")][:number]
    return [
        MistakeGroup(
            "Most confident mistakes",
            f"{len(wrong):,} of {len(found):,} are wrong. Shown as the network sees them.",
            tuple(
                Mistake(
                    crops.images[index],
                    f"{labels[crops.targets[index]]} → {labels[found[index]]}",
                    f"{confidence[index]:.1%} sure",
                    crops.names[index],
                )
                for index in worst.tolist()
            ),
        )
    ]


def _score(score: Score, crops: Crops) -> NDArray[np.float32]:
    batches = [crops.images[start : start + BATCH] for start in range(0, len(crops.images), BATCH)]
    return np.concatenate([score(list(batch)) for batch in batches])
