"""One classifier bundle: crops in, probabilities of its labels out."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from edge.inference import Bundle
from edge.inference.bundle import BundleError
from edge.inference.manifest import InputSpec
from edge.values import Classification, Image
from edge.vision.crops import to_colour

LOGITS = "logits"
"""The name of a classifier's one output."""


def views_of(crop: Image, spec: InputSpec) -> list[NDArray[np.uint8]]:
    """What a network is shown of a BGR crop: its middle, ``(height, width, channels)``, and the mirror image if so."""
    top, (_, height, width, _) = spec.margin, spec.shape
    middle = to_colour(crop, spec.colour)[top : top + height, top : top + width]
    return [middle, middle[:, ::-1]] if spec.mirrored else [middle]


def mean_of_views(logits: NDArray[np.float32], spec: InputSpec) -> NDArray[np.float32]:
    """``(n, k)``: of the logits ``(n × views, k)`` of all views of n crops, crop by crop."""
    views = 2 if spec.mirrored else 1
    return np.asarray(logits.reshape(-1, views, logits.shape[-1]).mean(axis=1), np.float32)


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
        self._views = 2 if spec.input.mirrored else 1
        shape = (batch * self._views, height, width, channels)
        self._pixels = np.zeros(shape, dtype=np.uint8)
        self._network = bundle.network(name, shape=shape, threads=threads)
        self._check_labels(bundle)

    def probabilities(self, crops: Sequence[Image]) -> NDArray[np.float32]:
        """``(n, labels)`` float32, each row summing to 1, for up to ``batch`` BGR crops ``(size, size, 3)``."""
        for index, crop in enumerate(crops):
            self._pixels[index * self._views : (index + 1) * self._views] = views_of(crop, self._input)
        self._network.invoke(self._pixels)
        logits = self._network.real(LOGITS)[: len(crops) * self._views]
        return softmax(mean_of_views(logits, self._input) / self._temperature)

    def classify(self, crop: Image) -> Classification:
        """The label of one crop, with the probabilities of all."""
        (row,) = self.probabilities([crop])
        probabilities = dict(zip(self.labels, row.tolist(), strict=True))
        return Classification(self.labels[int(row.argmax())], probabilities)

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
