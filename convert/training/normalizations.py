"""What batch normalizations know of their inputs, measured anew for weights that no batch was normalized with."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import AbstractContextManager, nullcontext
from typing import Any, NamedTuple

import keras
import numpy as np
from keras import layers
from numpy.typing import NDArray

from convert.training.checkpoint import values_of

STATISTICS_BATCHES = 32
"""So many training batches tell what reaches the normalizations."""

Pixels = NDArray[np.float32]


class Moments(NamedTuple):
    """Mean and variance ``(channels,)`` of what reaches a normalization."""

    mean: NDArray[np.float64]
    variance: NDArray[np.float64]


def first_pixels(batches: keras.utils.PyDataset) -> Iterable[Pixels]:
    """The crops ``(n, height, width, channels)`` of the first :data:`STATISTICS_BATCHES` batches of an epoch."""
    return (batches[number][0] for number in range(min(STATISTICS_BATCHES, len(batches))))


def refresh_statistics(network: keras.Model, batches: Iterable[Pixels]) -> None:
    """Give each normalization the statistics of what reaches it in ``batches``, normalized as in training.

    The mean of the weights of many steps has other features than any of these steps, on which the statistics were
    measured (Izmailov et al., 2018, "Averaging Weights Leads to Wider Optima", section 3.2).
    """
    norms = _normalizations(network)
    for norm, (mean, variance) in zip(norms, _moments(network, norms, batches, training=True), strict=True):
        norm.set_weights([*values_of(norm.weights)[:-2], mean, variance])


def restore_statistics(network: keras.Model, batches: Iterable[Pixels]) -> None:
    """Give each normalization the statistics of what reaches it in ``batches``; the answers stay the same.

    For a network whose normalizations were folded: in training it normalizes by its batch, and without this it would
    start as another one.
    """
    norms = _normalizations(network)
    for norm, moments in zip(norms, _moments(network, norms, batches, training=False), strict=True):
        _exchange(norm, moments)


def _normalizations(network: keras.Model) -> list[layers.BatchNormalization]:
    return [layer for layer in network.layers if isinstance(layer, layers.BatchNormalization)]


def _moments(
    network: keras.Model, norms: list[layers.BatchNormalization], batches: Iterable[Pixels], *, training: bool
) -> list[Moments]:
    """What reaches each of ``norms`` over all ``batches``."""
    probe = keras.Model(network.input, [norm.input for norm in norms])
    sums = [np.zeros((2, norm.moving_mean.shape[0])) for norm in norms]
    number = 0
    for pixels in batches:
        with _no_gradients():
            reached = probe(pixels, training=training)
        for total, inputs in zip(sums, reached if len(norms) > 1 else [reached], strict=True):
            total += _powers(keras.ops.cast(inputs, "float32"))
        number += 1
    return [Moments(mean / number, square / number - (mean / number) ** 2) for mean, square in sums]


def _powers(inputs: Any) -> NDArray[np.float64]:
    """``(2, channels)``: means of ``inputs`` ``(n, …, channels)`` and of their squares, taken where these lie.

    From a GPU to take all of them along would last longer than the training between.
    """
    axes = tuple(range(inputs.ndim - 1))
    means = [keras.ops.mean(values, axis=axes) for values in (inputs, keras.ops.square(inputs))]
    return np.stack([keras.ops.convert_to_numpy(mean) for mean in means]).astype(np.float64)


def _exchange(norm: layers.BatchNormalization, moments: Moments) -> None:
    *gamma, beta, mean, variance = values_of(norm.weights)
    slope = 1 / np.sqrt(variance + norm.epsilon)
    if gamma:
        slope = slope * gamma[0]
        gamma, variance = [slope * np.sqrt(moments.variance + norm.epsilon)], moments.variance
    # One without a scale keeps its variance, or its answers would change: it has normalized to 1 in training.
    norm.set_weights([*gamma, beta + slope * (moments.mean - mean), moments.mean, variance])


def _no_gradients() -> AbstractContextManager[Any]:
    """PyTorch would keep every feature map for a backward pass."""
    if keras.backend.backend() != "torch":
        return nullcontext()
    import torch

    return torch.no_grad()
