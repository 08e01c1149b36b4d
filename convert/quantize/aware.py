"""A network that feels in training what int8 will do to it, and back from it to the network that is converted."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
from keras import layers
from numpy.typing import NDArray

from convert.quantize.enlarge import NearestDoubling
from convert.quantize.fake import FakeQuantizedActivation, FakeQuantizedKernel
from convert.quantize.rewrite import copy_layer, copy_network, followers

BATCH = 64

WITH_KERNEL = (layers.Conv2D, layers.DepthwiseConv2D, layers.Dense)

RANGE_OF_INPUT = (layers.InputLayer, layers.MaxPooling2D, layers.Dropout, layers.Identity, NearestDoubling)
"""Layers whose int8 output has the scale of their input."""

KERNEL_SUFFIX, RANGE_SUFFIX = "_int8", "_range"


def aware_network(device: keras.Model, calibration: NDArray[np.float32]) -> keras.Model:
    """``device``, a network as it is converted, with its kernels and activations at int8's levels.

    Ranges begin as those of the ``calibration`` inputs ``(n, height, width, channels)``, normalised float32.
    """
    ranges = _ranges(device, calibration)

    def rule(layer: keras.Layer, x: Any) -> Any:
        y = _fake_kernel(layer, x) if isinstance(layer, WITH_KERNEL) else copy_layer(layer, x)
        if layer.name not in ranges:
            return y
        low, high = ranges[layer.name]
        return FakeQuantizedActivation(low, high, name=f"{layer.name}{RANGE_SUFFIX}")(y)

    return copy_network(device, device.inputs[0].shape[1:], rule)


def trained_device_network(device: keras.Model, aware: keras.Model) -> keras.Model:
    """A copy of ``device`` with the weights that :func:`aware_network`'s ``aware`` has learned."""

    def rule(layer: keras.Layer, x: Any) -> Any:
        if isinstance(layer, WITH_KERNEL):
            return copy_layer(layer, x, aware.get_layer(f"{layer.name}{KERNEL_SUFFIX}").layer.get_weights())
        return copy_layer(layer, x, aware.get_layer(layer.name).get_weights())

    return copy_network(device, device.inputs[0].shape[1:], rule)


def _fake_kernel(layer: keras.Layer, x: Any) -> Any:
    copy = layer.__class__.from_config({**layer.get_config(), "dtype": "float32"})
    y = FakeQuantizedKernel(copy, name=f"{layer.name}{KERNEL_SUFFIX}")(x)
    copy.set_weights(layer.get_weights())
    return y


def _ranges(device: keras.Model, calibration: NDArray[np.float32]) -> dict[str, tuple[float, float]]:
    """The least and largest value of every activation that gets an int8 scale of its own, by its layer's name."""
    own = {layer.name: layer.output for layer in device.layers if _has_own_range(layer)}
    watched = keras.Model(device.inputs[0], own)
    lows, highs = [], []
    for start in range(0, len(calibration), BATCH):
        values = watched(calibration[start : start + BATCH], training=False)
        arrays = {name: keras.ops.convert_to_numpy(value) for name, value in values.items()}
        lows.append({name: float(array.min()) for name, array in arrays.items()})
        highs.append({name: float(array.max()) for name, array in arrays.items()})
    return {name: (min(low[name] for low in lows), max(high[name] for high in highs)) for name in own}


def _has_own_range(layer: keras.Layer) -> bool:
    """False where the converter fuses a following ReLU into the layer, or takes over the scale of its input."""
    if isinstance(layer, RANGE_OF_INPUT):
        return False
    readers = followers(layer)
    fused = len(readers) == 1 and isinstance(readers[0], layers.ReLU)
    return not (fused and isinstance(layer, (*WITH_KERNEL, layers.Add)))
