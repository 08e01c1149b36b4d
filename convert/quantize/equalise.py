"""Gives the units of a dense layer one range, so that int8's one scale for all of them serves each.

A PReLU or ReLU lets a factor through: f(x / t) = f(x) / t for t > 0.  So each unit's weights may be divided by a t of
its own, if what follows multiplies by it; the network answers the same.  This is cross-layer equalization (Nagel et
al., 2019, "Data-Free Quantization Through Weight Equalization and Bias Correction", section 4.1), here by the ranges
that the calibration inputs give.

In a cascade's network some units judge and reach far, others place points and reach little: with one scale for both,
rounding these was four fifths of what int8 cost O-Net's points.  Convolutions gained nothing.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

import keras
import numpy as np
from keras import layers
from numpy.typing import NDArray

from convert.quantize.rewrite import copy_layer, copy_network, followers

BATCH = 64

NEGATIVE_SHARE = 0.2
"""How much of a unit's reach below 0 before the activation counts beside that after it.  Little of it gets through, but
int8 holds it before.  Of 0.1 to 0.5 the one at which O-Net's points erred least on training windows."""

LEAST_FACTOR = 1 / 64
"""For units that hardly fire on the calibration inputs: on others they may."""

STEP = 1 / 4
"""Factors are powers of two to multiples of this: workstations differ in the last digits of a reach, and shall make the
same file.  Whole powers cost O-Net's points a tenth of what equalizing gains."""


class Group(NamedTuple):
    """A dense layer, the activation after it, and the dense layers that read it, all by name."""

    dense: str
    activation: str
    readers: tuple[str, ...]


def equalised(network: keras.Model, inputs: NDArray[np.float32]) -> keras.Model:
    """A copy of ``network`` with the same answers, or itself if it has no such layers.

    ``inputs`` ``(n, height, width, channels)``: normalised, of the kind that the device sees.
    """
    weights: dict[str, list[NDArray[Any]]] = {}
    for group in _groups(network):
        factors = _factors(network, group, inputs)
        kernel, *bias = network.get_layer(group.dense).get_weights()
        weights[group.dense] = [kernel / factors, *(values / factors for values in bias)]
        for reader in group.readers:
            kernel, *bias = network.get_layer(reader).get_weights()
            weights[reader] = [kernel * factors[:, None], *bias]

    def rule(layer: keras.Layer, x: Any) -> Any:
        return copy_layer(layer, x, weights.get(layer.name))

    return copy_network(network, network.inputs[0].shape[1:], rule) if weights else network


def _groups(network: keras.Model) -> Iterator[Group]:
    answers = {tensor._keras_history.operation.name for tensor in network.outputs}
    for layer in network.layers:
        if not isinstance(layer, layers.Dense) or layer.activation is not keras.activations.linear:
            continue
        if len(followers(layer)) != 1 or not _lets_factors_through(followers(layer)[0]):
            continue
        (activation,) = followers(layer)
        readers = tuple(reader.name for reader in followers(activation) if isinstance(reader, layers.Dense))
        read_by_dense_alone = 0 < len(readers) == len(followers(activation))
        if read_by_dense_alone and not {layer.name, activation.name} & answers:
            yield Group(layer.name, activation.name, readers)


def _factors(network: keras.Model, group: Group, inputs: NDArray[np.float32]) -> NDArray[np.float32]:
    """``(units,)``: each unit's reach as a share of the farthest one's, in steps of :data:`STEP`."""
    before = network.get_layer(group.dense).output
    probe = keras.Model(network.inputs[0], {"before": before, "after": network.get_layer(group.activation).output})
    below, after = np.zeros(before.shape[-1], np.float32), np.zeros(before.shape[-1], np.float32)
    for start in range(0, len(inputs), BATCH):
        values = probe(inputs[start : start + BATCH], training=False)
        found = {name: keras.ops.convert_to_numpy(value) for name, value in values.items()}
        below = np.maximum(below, -found["before"].min(axis=0))
        after = np.maximum(after, np.abs(found["after"]).max(axis=0))
    reach = np.maximum(after, NEGATIVE_SHARE * below)
    shares = np.maximum(reach / max(float(reach.max()), 1e-9), LEAST_FACTOR)
    return np.exp2(np.rint(np.log2(shares) / STEP) * STEP).astype(np.float32)


def _lets_factors_through(layer: keras.Layer) -> bool:
    if isinstance(layer, layers.ReLU):
        return layer.max_value is None and not layer.threshold
    return isinstance(layer, (layers.PReLU, layers.LeakyReLU))
