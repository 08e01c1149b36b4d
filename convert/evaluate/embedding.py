"""Photos of people as embeddings: found, aligned, cropped and run through a network for identity."""

from __future__ import annotations

from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from convert.data.framing import most_central
from edge.inference import Bundle
from edge.inference.bundle import BundleError
from edge.inference.manifest import InputSpec
from edge.values import Box, Image
from edge.vision.crops import identity_crop, to_colour, upright_crop
from edge.vision.detectors import FaceDetector
from edge.vision.exposure import frame_in_light

EMBEDDING = "embedding"
"""The name of an identity network's one output."""


class Embedder(Protocol):
    """A network for identity, int8 or float."""

    def invoke(self, pixels: NDArray[np.uint8]) -> None:
        """Run on ``(1, height, width, channels)`` in the network's colour order."""

    def real(self, name: str) -> NDArray[np.float32]:
        """The named output ``(1, d)``."""


class Aligner:
    """Cuts the person out of a photo: by the five points of the face nearest to its middle, else the middle square.

    ``unaligned`` counts the latter.
    """

    def __init__(self, faces: Bundle | None, min_size_px: float, size: int) -> None:
        self._detector = None if faces is None else FaceDetector(faces, min_size_px)
        self._size = size
        self.unaligned = 0

    def crop(self, photo: Image) -> Image:
        """``(size, size, 3)`` BGR."""
        photo = frame_in_light(photo)
        found = () if self._detector is None else self._detector.detect(photo)
        if not found:
            self.unaligned += 1
            return upright_crop(photo, _middle_square(photo), self._size)
        return identity_crop(photo, most_central(found, photo).landmarks, self._size)


def input_of(bundle: Bundle) -> InputSpec:
    """The input of a bundle for identity.

    Raises:
        BundleError: it isn't square, or the network has no output ``embedding``.
    """
    spec = bundle.manifest.networks[bundle.manifest.task.value]
    _, height, width, _ = spec.input.shape
    if height != width:
        raise BundleError(f"{bundle.path}: identity must take square crops, its input is {height}×{width}")
    if EMBEDDING not in spec.outputs:
        raise BundleError(f"{bundle.path}: identity needs an output {EMBEDDING!r}, it has {list(spec.outputs)}")
    return spec.input


def embed(network: Embedder, spec: InputSpec, crop: Image) -> NDArray[np.float64]:
    """The embedding ``(d,)`` of a BGR crop, of length 1."""
    network.invoke(to_colour(crop, spec.colour)[None])
    vector = network.real(EMBEDDING)[0].astype(np.float64)
    return vector / max(float(np.linalg.norm(vector)), 1e-12)


def _middle_square(photo: Image) -> Box:
    height, width = photo.shape[:2]
    side = min(height, width)
    left, top = (width - side) / 2, (height - side) / 2
    return Box(left, top, left + side, top + side)
