"""What reaches a cascade's networks on the device: its own cascade on photos, with the float networks in it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray

from convert.importing.errors import ForeignNetworkError
from convert.networks.cascade import PNET_CELL, PNET_STRIDE
from convert.training.cascade.augment import MEAN, SCALE
from edge.values import Image
from edge.vision.cascade import Cascade, Thresholds
from edge.vision.stages import FloatOutputs, Shape

MIN_FACE_PX = 24
"""Small, so that R-Net and O-Net see windows of every sharpness."""

PNET_RANDOM_WINDOWS, PNET_BEST_WINDOWS = 24, 8
"""So many of P-Net's windows are kept of a page of the pyramid: any, and those that look most like a face."""

MAX_WINDOWS = 640


def record_windows(
    networks: Mapping[str, keras.Model], thresholds: Mapping[str, float], photos: Iterable[Image], seed: int = 0
) -> dict[str, NDArray[np.uint8]]:
    """The windows that each of ``networks`` is shown on ``photos`` (BGR), RGB uint8 ``(n, side, side, 3)`` by name.

    At most :data:`MAX_WINDOWS` each, at random.

    Raises:
        ForeignNetworkError: the photos hold too few faces for R-Net or O-Net to be shown anything.
    """
    random = np.random.default_rng(seed)
    recorders: list[_Recorder] = []

    def record(name: str, shape: Shape) -> _Recorder:
        recorders.append(_Recorder(name, networks[name], random))
        return recorders[-1]

    cascade = Cascade(record, Thresholds(**thresholds), MIN_FACE_PX)
    windows: dict[str, list[NDArray[np.uint8]]] = {name: [] for name in networks}
    for photo in photos:
        cascade.detect(photo)
        for recorder in recorders:
            windows[recorder.name] += recorder.take()
    return {name: _some(name, found, random) for name, found in windows.items()}


def _some(name: str, found: list[NDArray[np.uint8]], random: np.random.Generator) -> NDArray[np.uint8]:
    if not found:
        raise ForeignNetworkError(
            f"{name}: no window reached it, so its ranges can't be measured; give photos with faces of at least "
            f"{MIN_FACE_PX} pixels"
        )
    windows = np.concatenate(found)
    return windows[random.permutation(len(windows))[:MAX_WINDOWS]]


class _Recorder(FloatOutputs):
    """A float network that the cascade can run, and that keeps what it was shown."""

    def __init__(self, name: str, network: keras.Model, random: np.random.Generator) -> None:
        self.name = name
        self._network, self._random = network, random
        self._shown: list[NDArray[np.uint8]] = []

    def invoke(self, pixels: NDArray[np.uint8]) -> None:
        """Run on RGB ``pixels`` ``(n, height, width, 3)``."""
        real = (pixels.astype(np.float32) - np.float32(MEAN)) * np.float32(SCALE)
        outputs: dict[str, Any] = self._network(real, training=False)
        self.outputs = {name: keras.ops.convert_to_numpy(values) for name, values in outputs.items()}
        self._shown.append(self._pnet_windows(pixels[0]) if self.name == "pnet" else pixels.copy())

    def take(self) -> list[NDArray[np.uint8]]:
        """What was shown since the last call."""
        shown, self._shown = self._shown, []
        return shown

    def _pnet_windows(self, canvas: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """Some of the windows ``(n, 12, 12, 3)`` that P-Net judges in a ``canvas`` ``(height, width, 3)``."""
        every = np.lib.stride_tricks.sliding_window_view(canvas, (PNET_CELL, PNET_CELL), axis=(0, 1))
        grid = every[::PNET_STRIDE, ::PNET_STRIDE]
        margins = np.diff(self.outputs["face"][0], axis=-1).ravel()
        any_ = self._random.integers(len(margins), size=PNET_RANDOM_WINDOWS)
        rows, columns = np.divmod(np.concatenate([any_, margins.argsort()[-PNET_BEST_WINDOWS:]]), grid.shape[1])
        return np.ascontiguousarray(grid[rows, columns].transpose(0, 2, 3, 1))
