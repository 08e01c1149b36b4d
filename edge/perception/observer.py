"""Frame in, observation out: detection, tracking, and what is read from each face and hand."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path

import cv2

from edge.inference.manifest import Task
from edge.perception.paced import Paced
from edge.perception.senses import Senses, load_senses
from edge.perception.stopwatch import Stopwatch
from edge.values import (
    Classification,
    Face,
    FaceObservation,
    Frame,
    Hand,
    HandObservation,
    Image,
    Observation,
)
from edge.vision.mipmap import Mipmap
from edge.vision.settings import DetectionSettings
from edge.vision.tracking import Tracker


class Observer:
    """Reads frames one after another, and remembers who is who between them.

    ``timings_ms`` holds the milliseconds of each stage of the last frame.  The halved images that both detectors use
    are counted in the first of them.
    """

    def __init__(self, senses: Senses, settings: DetectionSettings) -> None:
        self._senses = senses
        self._settings = settings
        self._memory = _Memory(settings)
        self.timings_ms: dict[str, float] = Stopwatch().ms

    @classmethod
    def load(cls, models_dir: Path, tasks: Collection[Task], settings: DetectionSettings) -> Observer:
        """An observer with the bundles for ``tasks`` in ``models_dir``; OpenCV is held to ``settings.threads`` as well.

        Raises:
            BundleError: if one of those bundles is missing, damaged or for another task.
        """
        cv2.setNumThreads(settings.threads)
        return cls(load_senses(models_dir, tasks, settings), settings)

    def observe(self, frame: Frame) -> Observation:
        """Everything read from a frame of a stream, with track numbers that last from frame to frame."""
        return self._observe(frame.image, frame.t, self._memory)

    def analyze(self, image: Image) -> Observation:
        """Everything read from a picture by itself: ``t`` is 0 and tracks are numbered from 1."""
        return self._observe(image, 0.0, _Memory(self._settings))

    def _observe(self, image: Image, t: float, memory: _Memory) -> Observation:
        watch = Stopwatch()
        with watch.stage("total"):
            faces, hands = self._detect(image, t, memory, watch)
            face_tracks = memory.faces.update(t, [face.box for face in faces])
            hand_tracks = memory.hands.update(t, [hand.box for hand in hands])
            observation = Observation(
                t,
                tuple(
                    self._read_face(image, face, track, t, memory.emotions, watch)
                    for face, track in zip(faces, face_tracks, strict=True)
                ),
                tuple(
                    self._read_hand(image, hand, track, watch) for hand, track in zip(hands, hand_tracks, strict=True)
                ),
            )
            memory.emotions.keep(memory.faces.alive)
        self.timings_ms = watch.ms
        return observation

    def _detect(
        self, image: Image, t: float, memory: _Memory, watch: Stopwatch
    ) -> tuple[tuple[Face, ...], tuple[Hand, ...]]:
        mipmap = Mipmap(image)
        faces: tuple[Face, ...] = ()
        hands: tuple[Hand, ...] = ()
        if self._senses.faces:
            with watch.stage("faces"):
                faces = self._senses.faces.detect(mipmap, memory.faces.expected(t))
        if self._senses.hands:
            with watch.stage("hands"):
                hands = self._senses.hands.detect(mipmap, memory.hands.expected(t))
        return faces, hands

    def _read_face(
        self, image: Image, face: Face, track: int, t: float, emotions: Paced[Classification], watch: Stopwatch
    ) -> FaceObservation:
        emotion = eyes = None
        if reader := self._senses.emotion:
            with watch.stage("emotion"):
                emotion = emotions.get(track, t, lambda: reader.read(image, face))
        if self._senses.eyes:
            with watch.stage("eyes"):
                eyes = self._senses.eyes.read(image, face)
        return FaceObservation(face, track, emotion, eyes)

    def _read_hand(self, image: Image, hand: Hand, track: int, watch: Stopwatch) -> HandObservation:
        gesture = None
        if self._senses.gesture:
            with watch.stage("gesture"):
                gesture = self._senses.gesture.read(image, hand)
        return HandObservation(hand, track, gesture)


class _Memory:
    """What an observer remembers of a stream."""

    def __init__(self, settings: DetectionSettings) -> None:
        self.faces = Tracker()
        self.hands = Tracker()
        self.emotions: Paced[Classification] = Paced(settings.emotion_reads_per_second)
