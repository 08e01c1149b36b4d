"""What each bundle still tells in other conditions: without colours, in the dark, smeared by movement, compressed.

    python benchmarks/conditions.py --data ~/data                                   # the bundles of models/
    python benchmarks/conditions.py --data ~/data --only hands --models ~/bundles --conditions "as taken" unsharp

Pictures are those that training held back.  Detectors are judged by recall at an overlap (IoU) of 0.5 and by false
finds a picture, classifiers by accuracy.  The same pictures are seen in each condition, so that a column compares with
the first.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from convert.data.errors import DataError
from convert.evaluate.classification import classification_figures
from convert.evaluate.classifiers import int8_logits
from convert.evaluate.detectors import SweptDetector, detection_figures, search, swept_detector
from convert.evaluate.sources import HELD_BACK, Crops, load_crops, load_scenes
from convert.training.augment import compress
from edge.inference import Bundle, Task, default_models_dir, load_bundle
from edge.perception.classifier import Classifier
from edge.tables import Row, format_table
from edge.values import Image

Condition = Callable[[Image], Image]
"""Of a picture ``(h, w, 3)`` uint8 BGR the same in another condition."""

SCENES = {Task.FACES: ("mtfl",), Task.HANDS: ("hands/hagrid", "hands/subhih", "hands/eduart")}
"""Folders with annotated pictures, below ``--data``."""

CLASSIFIERS = (Task.EMOTION, Task.EYES, Task.GESTURE)

SMALLEST_PX = 40
DIM_NOISE = 6
"""Standard deviation, in levels: what a small sensor adds in the dark."""


def grey(image: Image) -> Image:
    """Without colours: infrared, or a camera's night mode."""
    return np.asarray(cv2.cvtColor(cv2.cvtColor(image, cv2.COLOR_BGR2GRAY), cv2.COLOR_GRAY2BGR), np.uint8)


def tinted(red: float) -> Condition:
    """Red ``red`` times as bright, and blue as much darker."""
    return lambda image: np.clip(image * np.array([1 / red, 1, red]), 0, 255).astype(np.uint8)


def curved(gamma: float) -> Condition:
    """Middle tones darker (above 1) or brighter."""
    curve = (255 * (np.arange(256) / 255) ** gamma).round().astype(np.uint8)
    return lambda image: np.asarray(cv2.LUT(image, curve), np.uint8)


def dimmed(share: float, noise: float) -> Condition:
    """A ``share`` of the light, and the same noise each time, its standard deviation in levels."""

    def dim(image: Image) -> Image:
        grain = np.random.default_rng(0).normal(0, noise, image.shape)
        return np.clip(image * share + grain, 0, 255).astype(np.uint8)

    return dim


def moved(share: float, *, across: bool) -> Condition:
    """Smeared along a line of a ``share`` of the shorter side, by a movement across or along the picture."""

    def smear(image: Image) -> Image:
        length = max(round(min(image.shape[:2]) * share), 2)
        kernel = np.full((1, length) if across else (length, 1), 1 / length, np.float32)
        return np.asarray(cv2.filter2D(image, -1, kernel), np.uint8).reshape(image.shape)

    return smear


def unsharp(share: float) -> Condition:
    """Out of focus: blurred by a Gaussian whose standard deviation is a ``share`` of the shorter side."""
    return lambda image: np.asarray(cv2.GaussianBlur(image, (0, 0), min(image.shape[:2]) * share), np.uint8).reshape(
        image.shape
    )


def compressed(quality: int) -> Condition:
    """As it comes out of a JPEG of ``quality`` 1 to 100."""
    return lambda image: compress(image, quality)


CONDITIONS: Mapping[str, Condition] = {
    "as taken": lambda image: image,
    "grey": grey,
    "warm": tinted(1.2),
    "cold": tinted(1 / 1.2),
    "dark": curved(2),
    "bright": curved(0.5),
    "dim": dimmed(0.2, DIM_NOISE),
    "moved across": moved(0.06, across=True),
    "moved along": moved(0.06, across=False),
    "unsharp": unsharp(0.01),
    "compressed": compressed(15),
}


def of_scenes(bundle: Bundle, folder: Path, conditions: Sequence[Condition], limit: int | None) -> list[str]:
    """A cell for each condition: what is found in the annotated pictures of ``folder`` that training held back."""
    detector = swept_detector(bundle, lambda name, shape: bundle.network(name, shape=shape), SMALLEST_PX)
    scenes = load_scenes(folder, HELD_BACK, bundle.manifest)
    return [_found(detection_figures(search(_under(each, detector), scenes, limit))) for each in conditions]


def of_crops(bundle: Bundle, crops: Crops, conditions: Sequence[Condition]) -> list[str]:
    """A cell for each condition: the share of ``crops`` that are told."""
    cells = []
    for condition in conditions:
        seen = replace(crops, images=np.stack([condition(image) for image in crops.images]))
        figures = classification_figures(int8_logits(bundle, seen), seen.targets, bundle.manifest.labels)
        cells.append(f"{figures['accuracy']:.3f}")
    return cells


def _under(condition: Condition, detector: SweptDetector) -> SweptDetector:
    return replace(detector, detect=lambda image: detector.detect(condition(image)))


def _found(figures: Mapping[str, Any]) -> str:
    false = (figures["found"] - figures["matched"]) / figures["pictures"]
    return f"{figures['recall']:.3f} ({false:.2f})"


def rows(
    models: Path, data: Path, tasks: Sequence[Task], conditions: Sequence[Condition], limit: int | None
) -> list[Row]:
    """A row for each bundle and source; what isn't there is left out, with a line on stderr."""
    table: list[Row] = []
    for task in tasks:
        bundle = load_bundle(models / task.value, task)
        if task in SCENES:
            sources = [folder for folder in SCENES[task] if _is_there(data / folder)]
            table += [
                (f"{task.value}, {folder}", *of_scenes(bundle, data / folder, conditions, limit)) for folder in sources
            ]
            continue
        try:
            crops = load_crops(data, HELD_BACK, bundle.manifest, (), Classifier(bundle).size, limit)
        except DataError as error:
            print(f"{task.value}: {error}", file=sys.stderr)
            continue
        table.append((f"{task.value}, {len(crops):,} crops", *of_crops(bundle, crops, conditions)))
    return table


def _is_there(folder: Path) -> bool:
    if not folder.is_dir():
        print(f"{folder}: isn't there, left out", file=sys.stderr)
    return folder.is_dir()


def parse(words: Sequence[str] | None = None) -> argparse.Namespace:
    """The command line."""
    names = [task.value for task in (*SCENES, *CLASSIFIERS)]
    parser = argparse.ArgumentParser(
        description=__doc__.splitlines()[0] if __doc__ else "", formatter_class=argparse.ArgumentDefaultsHelpFormatter
    )
    parser.add_argument("--data", type=Path, required=True, help="folder with all data sets")
    parser.add_argument("--models", type=Path, default=default_models_dir(), help="folder with the bundles")
    parser.add_argument("--only", nargs="+", choices=names, default=names, help="bundles to judge")
    parser.add_argument(
        "--conditions", nargs="+", choices=list(CONDITIONS), default=list(CONDITIONS), help="columns of the table"
    )
    parser.add_argument("--limit", type=int, default=None, help="at most so many pictures of a source")
    return parser.parse_args(words)


def main() -> None:
    """Print the table."""
    arguments = parse()
    cv2.setNumThreads(1)
    tasks, conditions = [Task(name) for name in arguments.only], [CONDITIONS[name] for name in arguments.conditions]
    table = rows(arguments.models, arguments.data, tasks, conditions, arguments.limit)
    print(format_table([("recall (false finds a picture), or accuracy", *arguments.conditions), *table]))


if __name__ == "__main__":
    main()
