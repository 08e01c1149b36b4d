"""The cascade's networks, run on as much as there is with few allocations: a new shape sets up the delegate again."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import lru_cache
from math import log
from types import MappingProxyType
from typing import Any, NamedTuple, Protocol

import cv2
import numpy as np
from numpy.typing import NDArray

Shape = tuple[int, int, int, int]

BATCH_SIZES = (16, 4, 2, 1)
"""R-Net and O-Net are allocated for these numbers of windows."""

KEPT_CANVASES = 8
"""For so many sizes of canvas P-Net stays allocated."""


class CascadeNetwork(Protocol):
    """What the cascade needs of :class:`edge.inference.Network`."""

    def invoke(self, pixels: NDArray[np.uint8]) -> None:
        """Run on RGB pixels of the shape that the network was built for."""

    def raw(self, name: str) -> NDArray[Any]:
        """The named output of the last run as the network holds it."""

    def scale_and_zero_point(self, name: str) -> tuple[float, int]:
        """Real value = (raw - zero point) * scale; a scale of 0 is that of a float output."""

    def real(self, name: str, rows: NDArray[np.intp] | None = None) -> NDArray[np.float32]:
        """The named output of the last run; with ``rows`` only these of ``(n, channels)``."""


class FloatOutputs:
    """For a network of floats: all of a :class:`CascadeNetwork` but ``invoke``, which sets the ``outputs`` by name."""

    outputs: Mapping[str, NDArray[np.float32]] = MappingProxyType({})

    def raw(self, name: str) -> NDArray[np.float32]:
        """The named output of the last run."""
        return self.outputs[name]

    def scale_and_zero_point(self, name: str) -> tuple[float, int]:
        """Those of a float output."""
        return (0.0, 0)

    def real(self, name: str, rows: NDArray[np.intp] | None = None) -> NDArray[np.float32]:
        """The named output of the last run; with ``rows`` only these of ``(n, channels)``."""
        output = self.outputs[name]
        return output if rows is None else output.reshape(-1, output.shape[-1])[rows]


NetworkFactory = Callable[[str, Shape], CascadeNetwork]
"""``factory("rnet", (16, 24, 24, 3))`` gives a network allocated for that input."""


class Answers(NamedTuple):
    """What a network says of ``n`` windows.

    ``margins`` ``(n,)``: how far *yes* is above *no* in logits, the score's log odds.  ``offsets`` ``(n, 4)`` of the
    edges and ``landmarks`` ``(n, 10)``, or ``(n, 0)`` of R-Net, are in sides of the window.  All are float32.
    """

    margins: NDArray[np.float32]
    offsets: NDArray[np.float32]
    landmarks: NDArray[np.float32]


class Hits(NamedTuple):
    """Where P-Net believes in something, of ``n`` cells.

    ``cells`` ``(n,)`` are flat indices into its output maps, page after page; ``margins`` and ``offsets`` as of
    :class:`Answers`.
    """

    cells: NDArray[np.intp]
    margins: NDArray[np.float32]
    offsets: NDArray[np.float32]


class MapStage:
    """P-Net on canvases of any size."""

    def __init__(self, networks: NetworkFactory) -> None:
        self._network = lru_cache(maxsize=KEPT_CANVASES)(lambda shape: networks("pnet", shape))

    def run(self, canvas: NDArray[np.uint8], least: float) -> Hits:
        """The cells of RGB pages ``(pages, height, width, 3)`` with margins of at least ``least``."""
        network = self._network((1, *canvas.shape[1:]))
        pages = [self._run_page(network, page, least) for page in canvas]
        if len(pages) == 1:
            return pages[0][1]
        starts = np.cumsum([0, *(cells for cells, _ in pages)])
        moved = [hits._replace(cells=hits.cells + start) for (_, hits), start in zip(pages, starts, strict=False)]
        return Hits(*map(np.concatenate, zip(*moved, strict=True)))

    def _run_page(self, network: CascadeNetwork, page: NDArray[np.uint8], least: float) -> tuple[int, Hits]:
        """The number of a page's cells, and the hits among them."""
        network.invoke(page[None])
        pairs = network.raw("face").reshape(-1, 2)
        # A canvas has tens of thousands of cells: only the few hits are turned into real numbers.
        scale = network.scale_and_zero_point("face")[0] or 1.0
        wide = np.int16 if pairs.dtype == np.int8 else np.float32
        differences = np.subtract(pairs[:, 1], pairs[:, 0], dtype=wide)
        cells = np.flatnonzero(differences >= least / scale)
        margins = differences[cells].astype(np.float32) * np.float32(scale)
        return len(pairs), Hits(cells, margins, network.real("box", cells))


class WindowStage:
    """R-Net or O-Net, ``size`` pixels a side, in a few fixed batch sizes."""

    def __init__(
        self, networks: NetworkFactory, name: str, size: int, *, landmarks: bool, least_filled: float = 0.9
    ) -> None:
        """``least_filled``: the share of a batch from which on it is filled up, instead of a smaller one more run.

        A network that costs less than the call of it gains by filling up earlier.
        """
        self._size, self._landmarks, self._least_filled = size, landmarks, least_filled
        shapes = {n: (n, size, size, 3) for n in BATCH_SIZES}
        self._networks = {n: (networks(name, shape), np.zeros(shape, np.uint8)) for n, shape in shapes.items()}
        points = 10 if landmarks else 0
        self._none = Answers(*(np.zeros(shape, np.float32) for shape in (0, (0, 4), (0, points))))

    def run(self, crops: NDArray[np.uint8]) -> Answers:
        """Answers for BGR ``crops`` ``(n, size, size, 3)`` uint8; ``n`` may be 0."""
        answers = [self._none]
        start = 0
        for batch in split(len(crops), self._least_filled):
            answers.append(self._run_batch(crops[start : start + batch], batch))
            start += batch
        return answers[-1] if len(answers) <= 2 else Answers(*map(np.concatenate, zip(*answers, strict=True)))

    def _run_batch(self, crops: NDArray[np.uint8], batch: int) -> Answers:
        """Answers for at most ``batch`` crops: what is missing is filled up with the crops of before."""
        n, size = len(crops), self._size
        network, pixels = self._networks[batch]
        cv2.cvtColor(crops.reshape(n * size, size, 3), cv2.COLOR_BGR2RGB, pixels[:n].reshape(n * size, size, 3))
        network.invoke(pixels)
        landmarks = network.real("landmarks")[:n].reshape(n, 10) if self._landmarks else np.zeros((n, 0), np.float32)
        return Answers(_margins(network.real("face"))[:n], network.real("box")[:n].reshape(n, 4), landmarks)


def split(n: int, least_filled: float) -> list[int]:
    """``n`` windows as a list of :data:`BATCH_SIZES`, the last of which may be filled by ``least_filled`` only.

    >>> split(23, 0.75), split(23, 0.9)
    ([16, 4, 4], [16, 4, 2, 1])
    """
    batches = []
    for size in BATCH_SIZES:
        while n > 0 and n >= least_filled * size:
            batches.append(size)
            n = max(n - size, 0)
    return batches


def log_odds(probability: float) -> float:
    """The logit of ``probability``: also the difference of two logits whose softmax gives it to the second."""
    return log(probability / (1 - probability))


def _margins(logits: NDArray[np.float32]) -> NDArray[np.float32]:
    pairs = logits.reshape(-1, 2)
    return pairs[:, 1] - pairs[:, 0]
