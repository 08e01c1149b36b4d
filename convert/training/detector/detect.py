"""The detector on whole images with a Keras network, through the device's own code."""

from __future__ import annotations

import keras
import numpy as np
from numpy.typing import NDArray

from convert.training.detector.batches import normalise
from convert.training.scenes.judge import Found, Search
from edge.vision.boxes import from_values
from edge.vision.single_shot import SingleShot, Thresholds
from edge.vision.stages import FloatOutputs


class KerasNetwork(FloatOutputs):
    """A Keras network behind the interface of :class:`edge.inference.Network`."""

    def __init__(self, network: keras.Model) -> None:
        self._network = network

    def invoke(self, pixels: NDArray[np.uint8]) -> None:
        """Run on RGB ``pixels`` ``(n, height, width, 3)`` uint8."""
        self.outputs = self._network.predict_on_batch(normalise(pixels))


def make_detect(network: keras.Model, thresholds: Thresholds, min_size_px: float) -> Search:
    """A search by ``network``, without an O-Net."""
    return search_with(SingleShot(lambda name, shape: KerasNetwork(network), thresholds, min_size_px))


def search_with(detector: SingleShot) -> Search:
    """The ``detector`` as a training's search."""

    def search(image: NDArray[np.uint8]) -> Found:
        finds = detector.detect(image)
        scores = np.array([find.score for find in finds], np.float32)
        return Found(from_values([find.box for find in finds]), scores, np.zeros((len(finds), 5, 2), np.float32))

    return search
