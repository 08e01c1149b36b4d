"""``vigil analyze``: what the device would see in pictures, one JSON object a line."""

from __future__ import annotations

import argparse
import json
import logging
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import cv2

from edge.camera.images import read_image
from edge.errors import InputError
from edge.inference import Task, default_models_dir
from edge.perception.observer import Observer
from edge.perception.senses import READ, installed_tasks
from edge.service.annotate import annotate
from edge.service.options import override
from edge.values import Classification, FaceObservation, HandObservation, Image, Observation
from edge.vision.settings import DetectionSettings

log = logging.getLogger(__name__)

DEFAULT_MIN_FACE_PX = 40

OK = 0
SOME_FAILED = 1


class ReadImage(Protocol):
    """The observer's way to look at a picture by itself, without tracks or rates."""

    @property
    def timings_ms(self) -> Mapping[str, float]: ...

    def analyze(self, image: Image) -> Observation: ...


@dataclass(frozen=True)
class Result:
    """What was found in one picture, or why it couldn't be read."""

    path: str
    image: Image | None = None
    observation: Observation | None = None
    timings_ms: Mapping[str, float] | None = None
    error: str | None = None

    def as_json(self) -> dict[str, Any]:
        """The contract's object for one line of ``--jsonl``."""
        if self.observation is None or self.image is None:
            return {"image": self.path, "error": self.error}
        height, width = self.image.shape[:2]
        return {
            "image": self.path,
            "width": width,
            "height": height,
            "faces": [_face(face) for face in self.observation.faces],
            "hands": [_hand(hand) for hand in self.observation.hands],
            "timings_ms": {stage: round(ms, 3) for stage, ms in (self.timings_ms or {}).items()},
        }

    def in_words(self) -> str:
        """One line for a person."""
        if self.observation is None:
            return f"{self.path}: {self.error}"
        found = [_face_words(face) for face in self.observation.faces]
        found += [f"hand {_label(hand.gesture)}" for hand in self.observation.hands]
        return f"{self.path}: " + ("; ".join(found) or "nobody")


def analyze(arguments: argparse.Namespace) -> int:
    """Print what is in each picture; exit status 1 if one of them couldn't be read, or drawn."""
    models = arguments.models or default_models_dir()
    observer = Observer.load(models, tasks_to_read(models), _settings(arguments))
    if arguments.annotate:
        make_folder(arguments.annotate)
    status = OK
    for result in analyze_images(arguments.images, observer):
        print(json.dumps(result.as_json()) if arguments.jsonl else result.in_words(), flush=True)
        if result.error is not None or (arguments.annotate and not write_annotated(result, arguments.annotate)):
            status = SOME_FAILED
    return status


def _settings(arguments: argparse.Namespace) -> DetectionSettings:
    settings = DetectionSettings(min_face_px=DEFAULT_MIN_FACE_PX, min_hand_px=DEFAULT_MIN_FACE_PX)
    settings = override(settings, "min_face_px", arguments.min_face, "--min-face")
    return override(settings, "threads", arguments.threads, "--threads")


def tasks_to_read(models_dir: Path) -> frozenset[Task]:
    """Whatever ``models_dir`` has bundles for, faces in any case; the log names what it hasn't."""
    installed = installed_tasks(models_dir)
    missing = [task.value for task in READ if task not in installed | {Task.FACES}]
    if installed and missing:
        log.warning("%s has no bundle for %s: left out", models_dir, ", ".join(missing))
    return installed & set(READ) | {Task.FACES}


def analyze_images(paths: list[str], observer: ReadImage) -> Iterator[Result]:
    """Each picture in turn; one that can't be read gives a result with ``error`` and the rest go on."""
    for path in paths:
        try:
            image = read_image(Path(path))
            observation = observer.analyze(image)
        except InputError as error:
            yield Result(path, error=str(error))
        else:
            yield Result(path, image, observation, dict(observer.timings_ms))


def make_folder(folder: Path) -> None:
    """Make the folder for annotated pictures.

    Raises:
        AnnotationError: where it can't be made.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise AnnotationError(
            f"--annotate {folder}: can't be made a folder ({error.strerror}); name another"
        ) from error


def write_annotated(result: Result, folder: Path) -> bool:
    """Draw the result on a copy of its picture, in ``folder``; False if there is none, or it can't be written."""
    if result.image is None or result.observation is None:
        return False
    target = folder / f"{Path(result.path).stem}.annotated.jpg"
    if not cv2.imwrite(str(target), annotate(result.image, result.observation)):
        log.error("%s: can't write the annotated picture; is the disk full or the folder read-only?", target)
        return False
    return True


class AnnotationError(InputError):
    """Annotated pictures can't be written there."""


def _face(seen: FaceObservation) -> dict[str, Any]:
    return {
        "box": _box(seen.face.box),
        "score": round(seen.face.score, 4),
        "landmarks": [[round(x, 2), round(y, 2)] for x, y in seen.face.landmarks],
        "emotion": _classification(seen.emotion),
        "eyes": seen.eyes
        and {"left_open": _probability(seen.eyes.left_open), "right_open": _probability(seen.eyes.right_open)},
        "identity": seen.identity and {"name": seen.identity.name, "similarity": round(seen.identity.similarity, 4)},
    }


def _hand(seen: HandObservation) -> dict[str, Any]:
    return {
        "box": _box(seen.hand.box),
        "score": round(seen.hand.score, 4),
        "gesture": _classification(seen.gesture),
    }


def _box(box: Any) -> list[float]:
    return [round(edge, 2) for edge in (box.x1, box.y1, box.x2, box.y2)]


def _classification(read: Classification | None) -> dict[str, Any] | None:
    if read is None:
        return None
    probabilities = {label: round(float(value), 4) for label, value in read.probabilities.items()}
    return {"label": read.label, "probabilities": probabilities}


def _probability(value: float | None) -> float | None:
    return None if value is None else round(float(value), 4)


def _label(read: Classification | None) -> str:
    return f"{read.label} ({read.probability:.0%})" if read else "found"


def _face_words(seen: FaceObservation) -> str:
    words = [f"face {_label(seen.emotion)}"]
    if seen.eyes:
        eyes = {"left": seen.eyes.left_open, "right": seen.eyes.right_open}
        words += [f"{side} eye {'open' if p >= 0.5 else 'closed'}" for side, p in eyes.items() if p is not None]
    return ", ".join(words)
