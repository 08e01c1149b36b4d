"""Through the shipped networks: one face keeps its number through a blink, a turn of the head and a hand before it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import cv2
import numpy as np
import pytest

from edge.camera.demo.scene import DemoScene
from edge.inference import Task, default_models_dir
from edge.perception import Observer
from edge.values import Frame, Image, Observation
from edge.vision.settings import DetectionSettings

RATE_HZ = 25.0
COVERED_SECONDS = 0.6


def demo(begin: float, end: float) -> Iterator[Frame]:
    scene = DemoScene()
    for index in range(round(begin * RATE_HZ), round(end * RATE_HZ)):
        yield Frame(scene.image_at(index / RATE_HZ), index / RATE_HZ, index)
    scene.close()


def clip(file: Path) -> Iterator[Frame]:
    video = cv2.VideoCapture(str(file))
    index = 0
    while (read := video.read())[0]:
        yield Frame(np.asarray(read[1], np.uint8), index / RATE_HZ, index)
        index += 1


def covered(frames: Iterator[Frame], begin: float, watch: Callable[[], Observation | None]) -> Iterator[Frame]:
    """``frames``, with a grey plate before the faces that were seen last, for :data:`COVERED_SECONDS`."""
    boxes = []
    for frame in frames:
        if begin <= frame.t < begin + COVERED_SECONDS:
            seen = watch()
            boxes = boxes or [face.face.box.square(1.4) for face in seen.faces] if seen else boxes
            yield Frame(plate(frame.image, boxes), frame.t, frame.index)
        else:
            yield frame


def plate(image: Image, boxes: list) -> Image:
    hidden = image.copy()
    for box in boxes:
        hidden[max(int(box.y1), 0) : int(box.y2), max(int(box.x1), 0) : int(box.x2)] = 128
    return hidden


def watch(frames: Iterator[Frame], cover_at: float) -> list[Observation]:
    """What is observed, with the faces covered from ``cover_at`` on."""
    observer = Observer.load(default_models_dir(), [Task.FACES, Task.EYES], DetectionSettings())
    seen: list[Observation] = []
    for frame in covered(frames, cover_at, lambda: seen[-1] if seen else None):
        seen.append(observer.observe(frame))
    return seen


def check(seen: list[Observation], cover_at: float) -> None:
    hidden = [each for each in seen if cover_at <= each.t < cover_at + COVERED_SECONDS]
    assert sum(bool(each.faces) for each in hidden) <= 1
    others = [each for each in seen if each not in hidden]
    assert sum(bool(each.faces) for each in others) >= 0.98 * len(others)
    assert {face.track for each in seen for face in each.faces} == {1}


def test_in_the_demo_scene_it_blinks_and_is_covered() -> None:
    seen = watch(demo(0.8, 3.2), 1.8)
    eyes = [each.faces[0].eyes.left_open for each in seen if each.faces and each.faces[0].eyes]
    assert min(value for value in eyes if value is not None) < 0.5
    check(seen, 1.8)


@pytest.mark.parametrize("name", ["talking/bbaf2n.mpg", "signing/again.mkv"])
def test_in_a_recording_it_talks_blinks_turns_and_is_covered(name: str, dataset: Callable[[str], Path]) -> None:
    check(watch(clip(dataset("clips") / name), 0.6), 0.6)
