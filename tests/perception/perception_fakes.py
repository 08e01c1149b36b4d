"""Bundles whose network is a function, and senses that say what they are told."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edge.inference import Bundle, Manifest
from edge.perception.classifier import Reading
from edge.perception.looks import Glance
from edge.values import Box, Classification, Eyes, Face, Hand, Image, Point
from edge.vision.mipmap import Mipmap

Logits = Callable[[NDArray[np.uint8]], list[float]]
"""From one crop's pixels ``(size, size, channels)`` to its logits."""


class FakeNetwork:
    """Applies a function to each crop of the batch that it was allocated for."""

    def __init__(self, function: Logits, shape: tuple[int, int, int, int]) -> None:
        self.shape = shape
        self.function = function
        self.seen = np.zeros(0, np.uint8)
        self.runs = 0

    def invoke(self, pixels: NDArray[np.uint8]) -> None:
        if pixels.shape != self.shape or pixels.dtype != np.uint8:
            raise ValueError(f"expected uint8 {self.shape}, received {pixels.dtype} {pixels.shape}")
        self.seen = pixels.copy()
        self.runs += 1

    def real(self, name: str) -> NDArray[np.float32]:
        if name != "logits":
            raise KeyError(name)
        return np.array([self.function(crop) for crop in self.seen], np.float32)


@dataclass(frozen=True)
class FakeBundle(Bundle):
    function: Logits = lambda crop: [0.0]
    built: list[FakeNetwork] = field(default_factory=list)

    def network(self, name: str, *, shape: Any = None, threads: int = 1) -> Any:
        network = FakeNetwork(self.function, shape or self.manifest.networks[name].input.shape)
        self.built.append(network)
        return network


def fake_bundle(
    task: str,
    labels: list[str],
    function: Logits,
    *,
    colour: str = "grey",
    size: tuple[int, int] = (24, 24),
    output: str = "logits",
    temperature: float = 1.0,
    **views: Any,
) -> FakeBundle:
    """A bundle for ``task`` whose network is ``function``; ``views`` are further fields of its input."""
    shape = (1, *size, 1 if colour == "grey" else 3)
    network = {
        "file": "network.tflite",
        "sha256": "0" * 64,
        "input": {"shape": shape, "colour": colour, "mean": 127.5, "scale": 0.0078125, **views},
        "outputs": [output],
        "macs": 0,
    }
    manifest = Manifest.model_validate(
        {
            "name": task,
            "task": task,
            "version": "0",
            "networks": {task: network},
            "golden": {"file": "golden.npz", "sha256": "0" * 64},
            "labels": labels,
            "temperature": temperature,
            "training": {"data": [], "command": "none", "seed": 0},
        }
    )
    return FakeBundle(Path("fake") / task, manifest, {}, function)


def frontal(x: float = 100, y: float = 100, eye_distance: float = 40, nose: float = 0.5) -> Face:
    """A level face whose left eye is at ``(x, y)``; ``nose`` is where it stands between the eyes."""

    def point(across: float, down: float) -> Point:
        return (x + across * eye_distance, y + down * eye_distance)

    corner, end = point(-0.5, -0.6), point(1.5, 1.7)
    landmarks = (point(0, 0), point(1, 0), point(nose, 0.5), point(0.1, 1), point(0.9, 1))
    return Face(Box(*corner, *end), 0.99, landmarks)


@dataclass
class FakeFaces:
    """Finds whatever ``faces`` holds at the moment, and remembers what it was told to expect and to search."""

    faces: tuple[Face, ...] = ()
    expected: tuple[Box, ...] = ()
    searched: list[str] = field(default_factory=list)
    min_size_px: float = 0

    def detect(self, image: Image | Mipmap, expected: Sequence[Box] = ()) -> tuple[Face, ...]:
        self.expected = tuple(expected)
        self.searched.append("whole")
        return self.faces

    def follow(self, image: Image | Mipmap, expected: Sequence[Box], part: Box | None = None) -> tuple[Face, ...]:
        self.expected = tuple(expected)
        self.searched.append("part" if part else "none")
        return self.faces


@dataclass
class FakeHands:
    hands: tuple[Hand, ...] = ()
    min_size_px: float = 0

    def detect(self, image: Image | Mipmap, expected: Sequence[Box] = ()) -> tuple[Hand, ...]:
        return self.hands

    def follow(self, image: Image | Mipmap, expected: Sequence[Box], part: Box | None = None) -> tuple[Hand, ...]:
        return self.hands


class CountingReader:
    """Numbers its readings, from "1" on, and remembers which ones it was told of."""

    def __init__(self) -> None:
        self.count = 0
        self.told: list[str | None] = []

    def read(self, image: Image, thing: Any, last: Reading | None = None, t: float = 0.0) -> Reading:
        self.count += 1
        self.told.append(last.said.label if last else None)
        said = Classification(str(self.count), {str(self.count): 1.0})
        return Reading(said, Glance(t, False, np.zeros((1, 1), np.float32), False))


class FakeEyes:
    def read(self, image: Image, face: Face) -> Eyes:
        return Eyes(0.25, None)
