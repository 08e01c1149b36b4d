"""The three networks of the cascade (Zhang et al., 2016, "Joint Face Detection and Alignment Using MTCNN").

The layers are the paper's (figure 2).  After each convolution stands a PReLU with one slope for the whole layer (He et
al., 2015, "channel-shared"): an int8 runtime takes it as LEAKY_RELU.  Slopes are kept from 0 up, so the activation
never falls and may stand after a max-pooling as well as before it: the result is the same, on a quarter of the values.

All three take ``(N, height, width, 3)`` float RGB, normalised as ``(pixel - 127.5) / 128``, and give, by name:
``face`` two logits (no, yes); ``box`` the object's edges x1, y1, x2, y2 less the window's, in window sides;
``landmarks`` x1, y1, …, x5, y5 from the window's top left corner, in window sides.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import keras
from keras import layers

HEADS = {"face": 2, "box": 4, "landmarks": 10}
"""Outputs by name, with their channels."""

PNET_CELL = 12
"""Side of the window that one of P-Net's outputs sees, pixels."""

PNET_STRIDE = 2
"""Pixels between neighbouring windows of P-Net."""

OnetWidths = tuple[int, int, int, int, int]
"""Channels of O-Net's four convolutions and units of its dense layer."""

ONET_WIDTHS: OnetWidths = (32, 64, 64, 128, 256)
"""The paper's."""

ONET_LAYERS = ("conv1", "conv2", "conv3", "conv4", "dense")
"""The layers that have those widths."""


def pnet(height: int | None = None, width: int | None = None) -> keras.Model:
    """Build the proposal network: fully convolutional, outputs ``(N, rows, columns, channels)``.

    Output ``[i, j]`` judges the 12 × 12 window whose top left corner is ``(x, y) = (2 j, 2 i)``.
    """
    image = keras.Input((height, width, 3), name="image")
    x = _convolution(image, 10, 3, "conv1", pool=layers.MaxPooling2D(2, 2, name="pool1"))
    x = _convolution(x, 16, 3, "conv2")
    x = _convolution(x, 32, 3, "conv3")
    heads = {name: layers.Conv2D(channels, 1, name=name, dtype="float32")(x) for name, channels in HEADS.items()}
    return keras.Model(image, heads, name="pnet")


def rnet() -> keras.Model:
    """Build the refinement network for 24 × 24 windows: outputs ``(N, channels)``."""
    image = keras.Input((24, 24, 3), name="image")
    x = _convolution(image, 28, 3, "conv1", pool=layers.MaxPooling2D(3, 2, "same", name="pool1"))
    x = _convolution(x, 48, 3, "conv2", pool=layers.MaxPooling2D(3, 2, name="pool2"))
    x = _convolution(x, 64, 2, "conv3")
    return _dense_heads(image, x, 128, "rnet")


def onet(widths: OnetWidths = ONET_WIDTHS) -> keras.Model:
    """Build the output network for 48 × 48 windows: outputs ``(N, channels)``."""
    first, second, third, fourth, units = widths
    image = keras.Input((48, 48, 3), name="image")
    x = _convolution(image, first, 3, "conv1", pool=layers.MaxPooling2D(3, 2, "same", name="pool1"))
    x = _convolution(x, second, 3, "conv2", strides=2, padding="same", pool=layers.MaxPooling2D(3, 1, name="pool2"))
    x = _convolution(x, third, 3, "conv3", pool=layers.MaxPooling2D(2, 2, name="pool3"))
    x = _convolution(x, fourth, 2, "conv4")
    return _dense_heads(image, x, units, "onet")


def onet_widths(network: keras.Model) -> OnetWidths:
    """Those of an O-Net that :func:`onet` built."""
    first, second, third, fourth, units = (network.get_layer(name).bias.shape[0] for name in ONET_LAYERS)
    return first, second, third, fourth, units


NETWORKS: dict[str, Callable[[], keras.Model]] = {"pnet": pnet, "rnet": rnet, "onet": onet}
"""Builders, in the order of the stages."""

WINDOW_SIDES = {"pnet": PNET_CELL, "rnet": 24, "onet": 48}
"""Side in pixels of the window that each network judges."""


def _convolution(
    x: Any, filters: int, size: int, name: str, strides: int = 1, padding: str = "valid", pool: Any = None
) -> Any:
    x = layers.Conv2D(filters, size, strides, padding, kernel_initializer="he_normal", name=name)(x)
    return _shared_prelu(name, axes=[1, 2, 3])(x if pool is None else pool(x))


def _dense_heads(image: Any, x: Any, units: int, name: str) -> keras.Model:
    x = layers.Flatten(name="flatten")(x)
    x = layers.Dense(units, kernel_initializer="he_normal", name="dense")(x)
    x = _shared_prelu("dense", axes=[1])(x)
    heads = {head: layers.Dense(channels, name=head, dtype="float32")(x) for head, channels in HEADS.items()}
    return keras.Model(image, heads, name=name)


def _shared_prelu(layer: str, axes: list[int]) -> keras.layers.Layer:
    return layers.PReLU(
        alpha_initializer=keras.initializers.Constant(0.25),
        alpha_constraint=keras.constraints.NonNeg(),
        shared_axes=axes,
        name=f"{layer}_prelu",
    )
