"""Judges a bundle on data that a person names, through the device's own code."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from convert.data.scenes import Scene
from convert.evaluate.classification import classification_figures
from convert.evaluate.detection import DetectionTally
from convert.evaluate.sources import load_classes, load_scenes
from edge.errors import ConfigError
from edge.inference import Bundle
from edge.perception.classifier import Classifier
from edge.vision.cascade import Cascade, NetworkFactory, Thresholds
from edge.vision.crops import to_colour

BATCH = 32

Classify = Callable[[Sequence[NDArray[np.uint8]]], NDArray[np.float32]]
"""Scores ``(n, k)`` of BGR crops ``(size, size, 3)``."""


def evaluate(
    bundle: Bundle, data: Path, *, part: str | None = None, checkpoint: Path | None = None, min_size_px: float = 20
) -> dict[str, Any]:
    """The result in the form of the contract: task, bundle, data, n, and the figures of the int8 and float networks.

    ``checkpoint`` is the folder of the float networks, whose figures are None without it; ``min_size_px`` the
    smallest object that a detector looks for.

    Raises:
        DataError: the data aren't laid out for the bundle's task, or name a class that it doesn't know.
        ConfigError: bundles for this task can't be evaluated.
    """
    task = bundle.manifest.task
    if task.is_classifier:
        n, int8, floats = _evaluate_classifier(bundle, data, part, checkpoint)
    elif task.is_cascade:
        n, int8, floats = _evaluate_detector(bundle, data, part, checkpoint, min_size_px)
    else:
        raise ConfigError(f"{bundle.path}: bundles for {task.value!r} can't be evaluated yet")
    return {
        "task": task.value,
        "bundle": str(bundle.path),
        "data": str(data / part if part else data),
        "n": n,
        "int8": int8,
        "float": floats,
    }


Result = tuple[int, dict[str, Any], dict[str, Any] | None]


def _evaluate_classifier(bundle: Bundle, data: Path, part: str | None, checkpoint: Path | None) -> Result:
    classifier = Classifier(bundle, batch=BATCH)
    images = load_classes(data, part, classifier.labels, classifier.size)

    def figures(classify: Classify) -> dict[str, Any]:
        batches = [images.images[start : start + BATCH] for start in range(0, len(images), BATCH)]
        scores = np.concatenate([classify(list(batch)) for batch in batches])
        return classification_figures(scores, images.targets, classifier.labels)

    floats = figures(_float_classify(bundle, checkpoint)) if checkpoint else None
    return len(images), figures(classifier.probabilities), floats


def _float_classify(bundle: Bundle, checkpoint: Path) -> Classify:
    from convert.evaluate.floats import float_networks

    task = bundle.manifest.task.value
    network = float_networks(bundle.manifest, checkpoint)[task]
    colour = bundle.manifest.networks[task].input.colour

    def classify(crops: Sequence[NDArray[np.uint8]]) -> NDArray[np.float32]:
        network.invoke(np.stack([to_colour(crop, colour) for crop in crops]))
        return network.real("logits")

    return classify


def _evaluate_detector(
    bundle: Bundle, data: Path, part: str | None, checkpoint: Path | None, min_size_px: float
) -> Result:
    scenes = load_scenes(data, part, bundle.manifest)
    tally = _tally(Cascade.of(bundle, min_size_px), scenes)
    floats = None
    if checkpoint:
        factory = _float_factory(bundle, checkpoint)
        floats = _tally(Cascade(factory, Thresholds.of(bundle), min_size_px), scenes).figures()
    return tally.annotated, tally.figures(), floats


def _float_factory(bundle: Bundle, checkpoint: Path) -> NetworkFactory:
    from convert.evaluate.floats import float_networks

    networks = float_networks(bundle.manifest, checkpoint)
    return lambda name, shape: networks[name]


def _tally(cascade: Cascade, scenes: Sequence[Scene]) -> DetectionTally:
    tally = DetectionTally()
    for scene in scenes:
        found = cascade.detect(scene.read())
        boxes = np.array([(box.x1, box.y1, box.x2, box.y2) for box, _, _ in found], np.float32).reshape(-1, 4)
        points = np.array([landmarks for _, _, landmarks in found], np.float32).reshape(-1, 5, 2)
        tally.add(boxes, scene.boxes, points, scene.landmarks)
    return tally
