"""Counts multiply-accumulates of a Keras network of fixed height and width."""

from __future__ import annotations

import math

import keras
from keras import layers


def count_macs(network: keras.Model) -> int:
    """Multiply-accumulates of the convolutions and dense layers for one input."""
    return sum(_layer_macs(layer) for layer in network._flatten_layers(include_self=False))


def _layer_macs(layer: keras.Layer) -> int:
    if isinstance(layer, layers.DepthwiseConv2D):
        return math.prod(layer.output.shape[1:]) * math.prod(layer.kernel_size)
    if isinstance(layer, layers.Conv2D):
        return math.prod(layer.output.shape[1:]) * math.prod(layer.kernel.shape[:3])
    if isinstance(layer, layers.Dense):
        return math.prod(layer.output.shape[1:]) * layer.kernel.shape[0]
    return 0
