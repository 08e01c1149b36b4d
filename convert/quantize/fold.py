"""Folds a BatchNormalization into the convolution or dense layer before it (Jacob et al., 2018, section 3.2)."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
from keras import layers
from numpy.typing import NDArray


def folded_weights(layer: keras.Layer) -> list[NDArray[np.float32]] | None:
    """``layer``'s kernel and bias with the normalization after it in them, or None where none can be folded."""
    norm = _norm_after(layer)
    if norm is None:
        return None
    factor = np.asarray(norm.moving_variance, np.float64) + norm.epsilon
    factor = (np.asarray(norm.gamma, np.float64) if norm.scale else 1.0) / np.sqrt(factor)
    offset = np.asarray(norm.beta, np.float64) if norm.center else 0.0
    kernel, *bias = (weights.astype(np.float64) for weights in layer.get_weights())
    over_channels = factor.reshape(kernel.shape[2:]) if isinstance(layer, layers.DepthwiseConv2D) else factor
    shift = (sum(bias) - np.asarray(norm.moving_mean, np.float64)) * factor + offset
    return [(kernel * over_channels).astype(np.float32), shift.astype(np.float32)]


def is_folded(layer: keras.Layer) -> bool:
    """Whether ``layer`` is a normalization that :func:`folded_weights` has put into the layer before it."""
    return isinstance(layer, layers.BatchNormalization) and _norm_after(_layer_before(layer)) is layer


def _norm_after(layer: Any) -> layers.BatchNormalization | None:
    """The normalization that follows ``layer`` and nothing else does."""
    if not isinstance(layer, layers.Conv2D | layers.DepthwiseConv2D | layers.Dense):
        return None
    if layer.activation is not keras.activations.linear:
        return None
    followers = [node.operation for node in layer._outbound_nodes]
    if len(followers) != 1 or not isinstance(followers[0], layers.BatchNormalization):
        return None
    return followers[0] if followers[0].axis in (-1, len(layer.output.shape) - 1) else None


def _layer_before(layer: keras.Layer) -> Any:
    return layer.input._keras_history.operation
