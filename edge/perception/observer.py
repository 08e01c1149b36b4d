"""Frame in, observation out: detection, tracking, and what is read from each face and hand."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path

import cv2

from edge.inference.manifest import Task
from edge.perception.classifier import Reading
from edge.perception.effort import AT_BEST, Effort
from edge.perception.paced import EVERY_FRAME, Paced
from edge.perception.senses import Senses, load_senses
from edge.perception.stopwatch import Stopwatch
from edge.values import (
    Face,
    FaceObservation,
    Frame,
    Hand,
    HandObservation,
    Image,
    Observation,
)
from edge.vision.exposure import Darkroom
from edge.vision.following import Follower, Found
from edge.vision.mipmap import Mipmap
from edge.vision.settings import DetectionSettings


class Observer:
    """Reads frames one after another, and remembers who is who between them.

    ``timings_ms`` holds the milliseconds of each stage of the last frame.  The halved images that both detectors use
    are counted in the first of them.
    """

    def __init__(self, senses: Senses, settings: DetectionSettings) -> None:
        self._senses = senses
        self._settings = settings
        self._memory = _Memory(senses, settings)
        self._darkroom = Darkroom()
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
        return self._observe(image, 0.0, _Memory(self._senses, self._settings))

    def set_effort(self, effort: Effort) -> None:
        """Go on with this ``effort`` from the next frame on."""
        self._memory.follow_by(effort)

    def _observe(self, image: Image, t: float, memory: _Memory) -> Observation:
        watch = Stopwatch()
        with watch.stage("total"):
            mipmap = Mipmap(self._darkroom.in_light(image))
            faces = _find(memory.faces, mipmap, t, watch, "faces")
            hands = _find(memory.hands, mipmap, t, watch, "hands")
            observation = Observation(
                t,
                tuple(self._read_face(mipmap, face, track, t, memory.emotions, watch) for track, face in faces),
                tuple(self._read_hand(mipmap, hand, track, t, memory.gestures, watch) for track, hand in hands),
            )
            memory.keep_alive()
        self.timings_ms = watch.ms
        return observation

    def _read_face(
        self, image: Mipmap, face: Face, track: int, t: float, emotions: Paced[Reading], watch: Stopwatch
    ) -> FaceObservation:
        emotion = eyes = None
        if reader := self._senses.emotion:
            with watch.stage("emotion"):
                emotion = emotions.get(track, t, lambda last: reader.read(image, face, last, t)).said
        if self._senses.eyes:
            with watch.stage("eyes"):
                eyes = self._senses.eyes.read(image, face)
        return FaceObservation(face, track, emotion, eyes)

    def _read_hand(
        self, image: Mipmap, hand: Hand, track: int, t: float, gestures: Paced[Reading], watch: Stopwatch
    ) -> HandObservation:
        gesture = None
        if reader := self._senses.gesture:
            with watch.stage("gesture"):
                gesture = gestures.get(track, t, lambda last: reader.read(image, hand, last, t)).said
        return HandObservation(hand, track, gesture)


class _Memory:
    """What an observer remembers of a stream."""

    def __init__(self, senses: Senses, settings: DetectionSettings) -> None:
        self._settings = settings
        self.faces = Follower(senses.faces) if senses.faces else None
        self.hands = Follower(senses.hands) if senses.hands else None
        self.emotions: Paced[Reading] = Paced(settings.emotion_reads_per_second)
        self.gestures: Paced[Reading] = Paced(EVERY_FRAME)
        self.follow_by(AT_BEST)

    def follow_by(self, effort: Effort) -> None:
        """Search and read as often and as finely as ``effort`` says."""
        settings = self._settings
        if self.faces:
            self.faces.search(effort.faces, settings.min_face_px * effort.size_scale)
        if self.hands:
            self.hands.search(effort.hands, settings.min_hand_px * effort.size_scale)
        self.emotions.per_second = settings.emotion_reads_per_second * effort.emotion_scale

    def keep_alive(self) -> None:
        """Forget what was read of faces and hands that won't appear again."""
        if self.faces:
            self.emotions.keep(self.faces.alive)
        if self.hands:
            self.gestures.keep(self.hands.alive)


def _find(
    follower: Follower[Found] | None, mipmap: Mipmap, t: float, watch: Stopwatch, stage: str
) -> list[tuple[int, Found]]:
    if follower is None:
        return []
    with watch.stage(stage):
        return follower.find(mipmap, t)
