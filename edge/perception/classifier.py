"""One classifier bundle: crops in, probabilities of its labels out."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from edge.inference import Bundle
from edge.inference.bundle import BundleError
from edge.perception.looks import Glance, look, look_on, middle_of
from edge.values import Classification, Image

LOGITS = "logits"
"""The name of a classifier's one output."""


class Reading(NamedTuple):
    """What was read of a crop, and the look at it that counts for the next frame's."""

    said: Classification
    glance: Glance


class Classifier:
    """A classifier's network, allocated for ``batch`` crops of ``size`` × ``size`` pixels.

    Raises:
        BundleError: if the network gives anything but one logit for each label, or its input isn't square.
    """

    def __init__(self, bundle: Bundle, *, batch: int = 1, threads: int = 1) -> None:
        name = bundle.manifest.task.value
        spec = bundle.manifest.networks[name]
        self._input = spec.input
        _, height, width, channels = spec.input.shape
        if height != width:
            raise BundleError(f"{bundle.path}: {name} must take square crops, its input is {height}×{width}")
        if LOGITS not in spec.outputs:
            raise BundleError(f"{bundle.path}: {name} needs an output {LOGITS!r}, it has {list(spec.outputs)}")
        self.labels = bundle.manifest.labels
        self.size = height + 2 * spec.input.margin
        self._temperature = np.float32(bundle.manifest.temperature)
        self._pixels = np.zeros((batch, height, width, channels), dtype=np.uint8)
        self._network = bundle.network(name, shape=self._pixels.shape, threads=threads)
        self._check_labels(bundle)

    def probabilities(self, crops: Sequence[Image]) -> NDArray[np.float32]:
        """``(n, labels)`` float32, each row summing to 1, for up to ``batch`` BGR crops ``(size, size, 3)``."""
        pixels = np.array([middle_of(crop, self._input) for crop in crops])
        return softmax(look(self._run, pixels, self._input) / self._temperature)

    def read(self, crop: Image, last: Reading | None = None, t: float = 0.0) -> Reading:
        """The label of one crop, with the probabilities of all.

        In a stream ``last`` is what was read of the same thing before, and ``t`` the frame's time in seconds.
        """
        before = last.glance if last else None
        logits, glance = look_on(self._run, middle_of(crop, self._input)[None], self._input, before, t)
        (row,) = softmax(logits / self._temperature)
        probabilities = dict(zip(self.labels, row.tolist(), strict=True))
        return Reading(Classification(self.labels[int(row.argmax())], probabilities), glance)

    def _run(self, pixels: NDArray[np.uint8]) -> NDArray[np.float32]:
        self._pixels[: len(pixels)] = pixels
        self._network.invoke(self._pixels)
        return np.asarray(self._network.real(LOGITS)[: len(pixels)])

    def _check_labels(self, bundle: Bundle) -> None:
        self._network.invoke(self._pixels)
        given = self._network.real(LOGITS).shape
        needed = (len(self._pixels), len(self.labels))
        if given != needed:
            raise BundleError(
                f"{bundle.path}: the network gives logits of shape {given}, the manifest's {len(self.labels)} labels "
                f"need {needed}; a label is missing or one too many"
            )


def softmax(logits: NDArray[np.float32]) -> NDArray[np.float32]:
    """Probabilities ``(n, k)`` of logits ``(n, k)``.

    >>> softmax(np.array([[0.0, 0.0]], dtype=np.float32)).tolist()
    [[0.5, 0.5]]
    """
    powers = np.exp(logits - logits.max(axis=1, keepdims=True))
    return powers / powers.sum(axis=1, keepdims=True)
