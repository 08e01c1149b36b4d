"""Networks made by hand instead of by training, with the same methods and the same rules as the real ones.

What they find is a white square on black; its true box reaches past it by :data:`MARGIN` of its side.
"""

from __future__ import annotations

from math import prod

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from edge.vision.stages import FloatOutputs, Shape

MARGIN = 0.2
LANDMARKS = np.array([(0.3, 0.4), (0.7, 0.4), (0.5, 0.6), (0.35, 0.75), (0.65, 0.75)], np.float32)
"""Where the five points are in the true box."""


class FakeNetwork(FloatOutputs):
    """A function from windows ``(n, side, side, 3)`` to outputs by name, run like :class:`edge.inference.Network`."""

    def __init__(self, name: str, shape: Shape) -> None:
        self.name = name
        self.shape = shape
        self.runs = 0

    def windows_to_outputs(self, windows: NDArray[np.uint8]) -> dict[str, NDArray[np.float32]]:
        raise NotImplementedError

    def invoke(self, pixels: NDArray[np.uint8]) -> None:
        if pixels.shape != self.shape or pixels.dtype != np.uint8:
            raise ValueError(f"expected uint8 {self.shape}, received {pixels.dtype} {pixels.shape}")
        self.runs += 1
        if self.name == "pnet":
            seen = sliding_window_view(pixels[0], (12, 12), axis=(0, 1))[::2, ::2].transpose(0, 1, 3, 4, 2)
            grid: tuple[int, ...] = (1, *seen.shape[:2])
        else:
            seen, grid = pixels, (len(pixels),)
        flat = self.windows_to_outputs(np.ascontiguousarray(seen).reshape(prod(grid), *seen.shape[-3:]))
        self.outputs = {name: value.astype(np.float32).reshape(*grid, -1) for name, value in flat.items()}


class SquareFinder(FakeNetwork):
    """Believes in a window the more, the better the true box of a white square fills it."""

    def windows_to_outputs(self, windows: NDArray[np.uint8]) -> dict[str, NDArray[np.float32]]:
        side = windows.shape[1]
        white = windows[..., 0] > 127
        start_x, end_x = _extent(white.any(axis=1))
        start_y, end_y = _extent(white.any(axis=2))
        grow = MARGIN * np.maximum(end_x - start_x, end_y - start_y)
        box = np.stack([start_x - grow, start_y - grow, end_x + grow, end_y + grow], axis=1) / side
        sides = np.clip(box[:, 2:] - box[:, :2], 0, None)
        inside = np.clip(np.minimum(box[:, 2:], 1) - np.maximum(box[:, :2], 0), 0, None).prod(axis=1)
        overlap = inside / (1 + sides.prod(axis=1) - inside)
        framed = ~(white[:, 0].any(1) | white[:, -1].any(1) | white[:, :, 0].any(1) | white[:, :, -1].any(1))
        belief = np.where(framed & white.any(axis=(1, 2)), 12 * (overlap - 0.45), -9)
        points = box[:, None, :2] + LANDMARKS * sides[:, None]
        return {
            "face": np.stack([-belief / 2, belief / 2], axis=1),
            "box": box - (0, 0, 1, 1),
            "landmarks": points.reshape(len(windows), 10),
        }


class RandomFilter(FakeNetwork):
    """Outputs depend on every pixel of a window and mean nothing."""

    def windows_to_outputs(self, windows: NDArray[np.uint8]) -> dict[str, NDArray[np.float32]]:
        flat = windows.reshape(len(windows), -1) / 255 - 0.5
        weights = np.random.default_rng(5).normal(size=(flat.shape[1], 16)) / np.sqrt(flat.shape[1])
        values = flat @ weights
        return {"face": 8 * values[:, :2], "box": 0.2 * values[:, 2:6], "landmarks": values[:, 6:]}


class Factory:
    """Builds networks of one kind and remembers them."""

    def __init__(self, kind: type[FakeNetwork] = SquareFinder) -> None:
        self._kind = kind
        self.built: list[FakeNetwork] = []

    def __call__(self, name: str, shape: Shape) -> FakeNetwork:
        network = self._kind(name, shape)
        self.built.append(network)
        return network


def squares_image(width: int, height: int, *squares: tuple[int, int, int]) -> NDArray[np.uint8]:
    """A black BGR image with white squares ``(x, y, side)``."""
    image = np.zeros((height, width, 3), np.uint8)
    for x, y, side in squares:
        image[max(y, 0) : max(y + side, 0), max(x, 0) : max(x + side, 0)] = 255
    return image


def true_box(x: int, y: int, side: int) -> tuple[float, float, float, float]:
    grow = MARGIN * side
    return (x - grow, y - grow, x + side + grow, y + side + grow)


def _extent(any_white: NDArray[np.bool_]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """First and one past the last white column (or row) of each window; 0 and 0 where there is none."""
    start = any_white.argmax(axis=1)
    end = any_white.shape[1] - any_white[:, ::-1].argmax(axis=1)
    found = any_white.any(axis=1)
    return np.where(found, start, 0).astype(float), np.where(found, end, 0).astype(float)
