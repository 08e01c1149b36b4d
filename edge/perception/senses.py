"""The detectors and readers for the tasks that are asked for, from a folder of bundles."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, TypeVar

from edge.inference import Bundle, Task, load_bundle
from edge.perception.classifier import Reading
from edge.perception.emotion import EmotionReader
from edge.perception.eyes import EyeReader
from edge.perception.gesture import GestureReader
from edge.values import Eyes, Face, Hand, Image
from edge.vision.detectors import FaceDetector, HandDetector
from edge.vision.following import Detector
from edge.vision.mipmap import Mipmap
from edge.vision.settings import DetectionSettings

Sense = TypeVar("Sense")


class ReadEmotion(Protocol):
    def read(self, image: Image | Mipmap, face: Face, last: Reading | None, t: float) -> Reading: ...


class ReadEyes(Protocol):
    def read(self, image: Image | Mipmap, face: Face) -> Eyes: ...


class ReadGesture(Protocol):
    def read(self, image: Image | Mipmap, hand: Hand, last: Reading | None, t: float) -> Reading: ...


@dataclass(frozen=True)
class Senses:
    """What an observer looks with; ``None`` is a sense that is switched off."""

    faces: Detector[Face] | None = None
    hands: Detector[Hand] | None = None
    emotion: ReadEmotion | None = None
    eyes: ReadEyes | None = None
    gesture: ReadGesture | None = None


READ = (Task.FACES, Task.HANDS, Task.EMOTION, Task.EYES, Task.GESTURE)
"""The tasks that an observer reads; who it is, it isn't asked yet."""


def installed_tasks(models_dir: Path) -> frozenset[Task]:
    """What there are bundles for in ``models_dir``, sound or not."""
    return frozenset(task for task in Task if (models_dir / task.value).is_dir())


def load_senses(
    models_dir: Path,
    tasks: Collection[Task],
    settings: DetectionSettings,
    load: Callable[[Path, Task], Bundle] = load_bundle,
) -> Senses:
    """The senses for ``tasks``, each from its bundle ``models_dir/<task>``, read by ``load``; no other is touched.

    Raises:
        BundleError: if a bundle is missing, damaged or for another task.
    """
    threads = settings.threads
    bundles = {task: load(models_dir / task.value, task) for task in Task if task in tasks}

    def build(task: Task, make: Callable[[Bundle], Sense]) -> Sense | None:
        return make(bundles[task]) if task in bundles else None

    return Senses(
        faces=build(Task.FACES, lambda bundle: FaceDetector(bundle, settings.min_face_px, threads)),
        hands=build(Task.HANDS, lambda bundle: HandDetector(bundle, settings.min_hand_px, threads)),
        emotion=build(Task.EMOTION, lambda bundle: EmotionReader(bundle, threads)),
        eyes=build(Task.EYES, lambda bundle: EyeReader(bundle, threads)),
        gesture=build(Task.GESTURE, lambda bundle: GestureReader(bundle, threads)),
    )
