"""Layers that compute in float what int8 would give (Jacob et al., 2018, "Quantization and Training of Neural Networks
for Efficient Integer-Arithmetic-Only Inference", section 3): values are rounded to the levels that int8 has, while
gradients pass as if they weren't (the straight-through estimator of Bengio et al., 2013).

They run on every backend of Keras.
"""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
from keras import ops

ACTIVATION_LEVELS = 255
"""Steps between the ends of an activation's range: int8 from -128 to 127."""

WEIGHT_LEVELS = 127
"""Steps between 0 and the largest weight of a channel: symmetric int8 leaves -128 out."""

RANGE_MOMENTUM = 0.95
"""How slowly an activation's range follows the batches."""

SMALLEST = 1e-9
"""Keeps a channel of zeros, or an activation that is always zero, from a division by zero."""


def round_through(x: Any, rounded: Any) -> Any:
    """``rounded`` with the gradient of ``x``."""
    return x + ops.stop_gradient(rounded - x)


def fake_quantize_kernel(kernel: Any, axes: tuple[int, ...]) -> Any:
    """``kernel`` at the levels of symmetric int8, with a scale for each slice along all but ``axes``."""
    largest = ops.max(ops.abs(kernel), axis=axes, keepdims=True)
    scale = ops.stop_gradient(ops.maximum(largest, SMALLEST) / WEIGHT_LEVELS)
    return round_through(kernel, ops.round(kernel / scale) * scale)


class FakeQuantizedKernel(keras.layers.Wrapper):
    """A convolution or dense layer whose kernel is at int8's levels; the bias, int32 on the device, is left alone."""

    def call(self, x: Any) -> Any:
        kernel, *others = self.layer.trainable_variables
        axes = _axes_of_one_channel(self.layer)
        values = [fake_quantize_kernel(ops.convert_to_tensor(kernel), axes), *others]
        y, _ = self.layer.stateless_call(values, self.layer.non_trainable_variables, x)
        return y


class FakeQuantizedActivation(keras.layers.Layer):
    """An activation at int8's levels over a range for the whole tensor.

    The range begins as ``low`` to ``high``, always holds 0, and in training follows that of the batches.  Values
    beyond it are clipped, and pass no gradient.
    """

    def __init__(self, low: float, high: float, **options: Any) -> None:
        super().__init__(**options)
        constant = keras.initializers.Constant
        self.low = self.add_weight(name="low", shape=(), initializer=constant(min(low, 0.0)), trainable=False)
        self.high = self.add_weight(name="high", shape=(), initializer=constant(max(high, 0.0)), trainable=False)

    def call(self, x: Any, training: bool | None = None) -> Any:
        if training:
            self.low.assign(_follow(self.low, ops.minimum(ops.min(x), 0.0)))
            self.high.assign(_follow(self.high, ops.maximum(ops.max(x), 0.0)))
        low, high = ops.convert_to_tensor(self.low), ops.convert_to_tensor(self.high)
        scale = ops.maximum(high - low, SMALLEST) / ACTIVATION_LEVELS
        zero = ops.round(low / scale)
        clipped = ops.clip(x, zero * scale, (zero + ACTIVATION_LEVELS) * scale)
        return round_through(clipped, ops.round(clipped / scale) * scale)

    def compute_output_shape(self, input_shape: Any) -> Any:
        return input_shape


def _follow(value: Any, target: Any) -> Any:
    return RANGE_MOMENTUM * value + (1 - RANGE_MOMENTUM) * ops.stop_gradient(target)


def _axes_of_one_channel(layer: keras.Layer) -> tuple[int, ...]:
    """The axes of the kernel that share a scale: all but the output channels'."""
    rank = len(layer.kernel.shape)
    if isinstance(layer, keras.layers.DepthwiseConv2D):
        return tuple(range(rank - 2))
    return tuple(int(axis) for axis in np.arange(rank - 1))
