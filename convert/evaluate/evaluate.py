"""Judges a bundle on data that a person names, through the device's own code."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from convert.data.errors import DataError
from convert.evaluate.classification import probability_figures
from convert.evaluate.classifiers import float_logits, int8_logits, worst_classified
from convert.evaluate.detectors import DetectionRun, detection_figures, search, swept_detector
from convert.evaluate.embedding import Aligner, input_of
from convert.evaluate.identity import load_people, pair_figures, similarities, worst_pairs
from convert.evaluate.mistakes import MistakeGroup
from convert.evaluate.pairs import PAIRS_FILE, read_pairs
from convert.evaluate.progress import Coverage, spread
from convert.evaluate.sources import load_crops, load_scenes
from convert.evaluate.worst_detections import worst_detections
from edge.inference import Bundle, Task, default_models_dir, load_bundle
from edge.perception.classifier import Classifier, softmax
from edge.vision.stages import NetworkFactory

log = logging.getLogger(__name__)

WORST_CLASSIFIED, WORST_DETECTED = 24, 12
"""How many mistakes of a kind a report shows."""


@dataclass(frozen=True)
class Options:
    """What to judge a bundle on.

    ``part`` names a split of the folder ``data``; ``labels`` the objects that a detector should find (all if None);
    ``pairs`` a list of pairs and ``faces`` a bundle for faces to align
    them with (identity only); ``checkpoint`` the folder of the float networks, whose figures are None without it;
    ``min_size_px`` the smallest object that a detector looks for; ``limit`` the most pictures (or pairs), taken evenly.
    """

    data: Path
    part: str | None = None
    labels: tuple[str, ...] | None = None
    pairs: Path | None = None
    faces: Path | None = None
    checkpoint: Path | None = None
    min_size_px: float = 20
    limit: int | None = None


@dataclass(frozen=True)
class Judgement:
    """``n`` cases, the figures of the int8 and the float networks, and what to show of the int8 one's mistakes."""

    n: int
    int8: dict[str, Any]
    floats: dict[str, Any] | None
    mistakes: Callable[[], list[MistakeGroup]] = field(default=list)


@dataclass(frozen=True)
class Evaluation:
    """``result`` has the form of the contract: task, bundle, data, n, and the figures of the two networks."""

    bundle: Bundle
    result: dict[str, Any]
    mistakes: Callable[[], list[MistakeGroup]]


def evaluate(bundle: Bundle, options: Options) -> Evaluation:
    """Judge ``bundle``.

    Raises:
        DataError: the data aren't laid out for the bundle's task, name a class that it doesn't know, or not one
            picture can be read.
    """
    task = bundle.manifest.task
    if task.is_classifier:
        judgement = _judge_classifier(bundle, options)
    elif task.is_detector:
        judgement = _judge_detector(bundle, options)
    else:
        judgement = _judge_identity(bundle, options)
    result = {
        "task": task.value,
        "bundle": str(bundle.path),
        "data": str(options.data / options.part if options.part else options.data),
        "n": judgement.n,
        "int8": judgement.int8,
        "float": judgement.floats,
    }
    return Evaluation(bundle, result, judgement.mistakes)


def _judge_classifier(bundle: Bundle, options: Options) -> Judgement:
    classifier = Classifier(bundle)
    labels, temperature = classifier.labels, bundle.manifest.temperature
    crops = load_crops(options.data, options.part, bundle.manifest, labels, classifier.size, options.limit)

    def figures(logits: Any) -> dict[str, Any]:
        return {
            **probability_figures(logits, crops.targets, labels, temperature),
            **crops.coverage.figures(),
        }

    logits = int8_logits(bundle, crops)
    checkpoint = options.checkpoint
    return Judgement(
        len(crops),
        figures(logits),
        figures(float_logits(bundle, checkpoint, crops)) if checkpoint else None,
        lambda: worst_classified(crops, softmax(logits / temperature), labels, WORST_CLASSIFIED),
    )


def _judge_detector(bundle: Bundle, options: Options) -> Judgement:
    scenes = load_scenes(options.data, options.part, bundle.manifest, options.labels)

    def run(networks: NetworkFactory) -> DetectionRun:
        return search(swept_detector(bundle, networks, options.min_size_px), scenes, options.limit)

    int8 = run(lambda name, shape: bundle.network(name, shape=shape))
    if not int8.judged:
        raise DataError(f"{options.data}: not one of {len(scenes):,} pictures can be read; unpack or copy them again")
    floats = detection_figures(run(_float_factory(bundle, options.checkpoint))) if options.checkpoint else None
    return Judgement(int8.annotated, detection_figures(int8), floats, lambda: worst_detections(int8, WORST_DETECTED))


def _float_factory(bundle: Bundle, checkpoint: Path) -> NetworkFactory:
    from convert.evaluate.floats import float_networks

    networks = float_networks(bundle.manifest, checkpoint)
    return lambda name, shape: networks[name]


def _judge_identity(bundle: Bundle, options: Options) -> Judgement:
    spec = input_of(bundle)
    task = bundle.manifest.task.value
    listed = read_pairs(options.pairs or options.data / PAIRS_FILE, options.data)
    pairs = spread(listed, options.limit)
    aligner = Aligner(_face_bundle(bundle, options), options.min_size_px, spec.shape[1])
    people = load_people(pairs, aligner, Coverage("pairs", len(listed), len(pairs)))
    known = people.known(pairs)
    if not known:
        raise DataError(f"{options.data}: not one of {len(pairs)} pairs can be read; --data names the folder of people")
    found = similarities(bundle.network(task, shape=(1, *spec.shape[1:])), spec, people, known)
    figures = pair_figures(found, known, people)
    floats = None
    if options.checkpoint:
        from convert.evaluate.floats import float_networks

        network = float_networks(bundle.manifest, options.checkpoint)[task]
        floats = pair_figures(similarities(network, spec, people, known), known, people)
    return Judgement(
        len(known),
        figures,
        floats,
        lambda: worst_pairs(found, figures["threshold"], known, people, WORST_DETECTED),
    )


def _face_bundle(bundle: Bundle, options: Options) -> Bundle | None:
    """The bundle for faces that aligns photos: the one named, else the one beside ``bundle``, else the shipped one."""
    if options.faces:
        return load_bundle(options.faces, Task.FACES)
    beside = (bundle.path.parent / Task.FACES.value, default_models_dir() / Task.FACES.value)
    found = next((folder for folder in beside if folder.is_dir()), None)
    if found is None:
        log.warning("no bundle for faces beside %s: photos are cropped unaligned; name one with --faces", bundle.path)
        return None
    return load_bundle(found, Task.FACES)
