"""Keras layers on PyTorch's fused kernels.

Keras composes batch normalization on the torch backend from single operations, and copies a convolution's input
to another memory layout.  PyTorch's own kernels on permuted views (channels last, no copy) give the same numbers
about twice as fast on a CPU.
"""

from __future__ import annotations

from typing import Any

import keras
from keras import layers


def use_fused_kernels() -> bool:
    """Route layers to PyTorch's kernels for this process; False on another backend."""
    if keras.backend.backend() != "torch":
        return False
    layers.Conv2D.call = _convolve
    layers.BatchNormalization.call = _normalise
    layers.UpSampling2D.call = _enlarge
    return True


def _normalise(layer: Any, inputs: Any, training: bool | None = None, mask: Any = None) -> Any:
    import torch.nn.functional as functional

    # The running statistics are updated in place, so they must not be a copy cast to bfloat16.
    with keras.src.backend.common.variables.AutocastScope(None):
        mean, variance = layer.moving_mean.value, layer.moving_variance.value
        gamma = None if layer.gamma is None else layer.gamma.value
        beta = None if layer.beta is None else layer.beta.value
    batch = bool(training) and layer.trainable
    is_map = inputs.ndim == 4
    x = inputs.permute(0, 3, 1, 2) if is_map else inputs
    normalised = functional.batch_norm(x, mean, variance, gamma, beta, batch, 1 - layer.momentum, layer.epsilon)
    return normalised.permute(0, 2, 3, 1) if is_map else normalised


def _convolve(layer: Any, inputs: Any, training: bool | None = None) -> Any:
    import torch.nn.functional as functional

    x = inputs.permute(0, 3, 1, 2)
    even = (0, 0)
    if layer.padding == "same":
        left, right, top, bottom = _same_padding(x.shape[2:], layer.kernel_size, layer.strides)
        even = (min(top, bottom), min(left, right))
        if left != right or top != bottom:  # a copy, which the convolution's own padding is not
            x = functional.pad(x, [left - even[1], right - even[1], top - even[0], bottom - even[0]])
    bias = None if layer.bias is None else layer.bias.value
    y = functional.conv2d(x, layer.kernel.value.permute(3, 2, 0, 1), bias, layer.strides, even)
    return layer.activation(y.permute(0, 2, 3, 1))


def _enlarge(layer: Any, inputs: Any) -> Any:
    import torch.nn.functional as functional

    sides = {"align_corners": False} if layer.interpolation == "bilinear" else {}  # half-pixel centres, as TensorFlow's
    enlarged = functional.interpolate(
        inputs.permute(0, 3, 1, 2), scale_factor=layer.size, mode=layer.interpolation, **sides
    )
    return enlarged.permute(0, 2, 3, 1)


def _same_padding(size: Any, kernel: tuple[int, int], strides: tuple[int, int]) -> list[int]:
    """TensorFlow's padding ``[left, right, top, bottom]``, the odd pixel to the right and below."""
    padding: list[int] = []
    for pixels, window, stride in zip(reversed(size), reversed(kernel), reversed(strides), strict=True):
        total = max((-(-pixels // stride) - 1) * stride + window - pixels, 0)
        padding += [total // 2, total - total // 2]
    return padding
