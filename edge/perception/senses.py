"""The detectors and readers that the settings ask for, from a folder of bundles."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from edge.inference import Bundle, Task, load_bundle
from edge.perception.emotion import EmotionReader
from edge.perception.eyes import EyeReader
from edge.perception.gesture import GestureReader
from edge.values import Classification, Eyes, Face, Hand, Image
from edge.vision.detectors import FaceDetector, HandDetector
from edge.vision.mipmap import Mipmap
from edge.vision.settings import DetectionSettings

log = logging.getLogger(__name__)


class FindFaces(Protocol):
    def detect(self, image: Image | Mipmap) -> tuple[Face, ...]: ...


class FindHands(Protocol):
    def detect(self, image: Image | Mipmap) -> tuple[Hand, ...]: ...


class ReadEmotion(Protocol):
    def read(self, image: Image, face: Face) -> Classification: ...


class ReadEyes(Protocol):
    def read(self, image: Image, face: Face) -> Eyes: ...


class ReadGesture(Protocol):
    def read(self, image: Image, hand: Hand) -> Classification: ...


@dataclass(frozen=True)
class Senses:
    """What an observer looks with; ``None`` is a sense that is switched off."""

    faces: FindFaces | None = None
    hands: FindHands | None = None
    emotion: ReadEmotion | None = None
    eyes: ReadEyes | None = None
    gesture: ReadGesture | None = None


def load_senses(models_dir: Path, settings: DetectionSettings) -> Senses:
    """The senses that ``settings`` switch on, each from its bundle ``models_dir/<task>``.

    Without a bundle for hands, hands and gestures are left out, and the log says so.

    Raises:
        BundleError: if a bundle that is needed is missing, damaged or for another task.
    """
    faces, threads = settings.faces, settings.threads
    hands = settings.hands and _hands_installed(models_dir)

    def bundle(task: Task) -> Bundle:
        return load_bundle(models_dir / task.value, task)

    return Senses(
        faces=FaceDetector(bundle(Task.FACES), settings.min_face_px, threads) if faces else None,
        hands=HandDetector(bundle(Task.HANDS), settings.min_hand_px, threads) if hands else None,
        emotion=EmotionReader(bundle(Task.EMOTION), threads) if faces and settings.emotion else None,
        eyes=EyeReader(bundle(Task.EYES), threads) if faces and settings.eyes else None,
        gesture=GestureReader(bundle(Task.GESTURE), threads) if hands else None,
    )


def _hands_installed(models_dir: Path) -> bool:
    if (models_dir / Task.HANDS.value).is_dir():
        return True
    log.warning("%s has no bundle for hands: gestures are not read", models_dir)
    return False
