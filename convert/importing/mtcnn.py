"""The networks of the package ``mtcnn`` 1.0.0, in the conventions of :mod:`convert.networks.cascade`.

Read in its source; what differs from Vigil's own is settled here in the weights:

- the probabilities' softmax is left out, which leaves logits;
- R-Net and O-Net flatten their last map by columns (``Permute((2, 1, 3))``), ours by rows: the dense layer's rows move;
- O-Net gives its landmarks as x1…x5, y1…y5, ours as x1, y1, …: the head's columns move.

The same in both: RGB as ``(pixel - 127.5) / 128``; no face before face; edges x1, y1, x2, y2 as offsets in sides of the
window; left eye, right eye, nose, left and right corner of the mouth.  Its PReLU has a slope for each channel, some
negative and some above 1, so it stands before the pooling as in the package: it isn't monotone.  Its O-Net does not
stride in ``conv2``, and therefore costs 12.9 MMAC instead of our 7.4.

Not taken over, as it shifts a box by less than a pixel or two: boxes have a side of ``x2 - x1 + 1`` there; a window of
n pixels is sampled from its first to its last pixel instead of their centres, which shows n / (n - 1) of it; what
lies outside the picture is grey there and repeats the border here.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

import keras
import numpy as np
from keras import layers
from numpy.typing import NDArray

from convert.importing.mtcnn_package import Weights
from convert.networks.cascade import HEADS

THRESHOLDS: Mapping[str, float] = MappingProxyType(
    {"pnet": 0.6, "rnet": 0.7, "onet": 0.8, "nms_pnet": 0.7, "nms_rnet": 0.7, "nms_onet": 0.7}
)
"""The package's defaults; its 0.5 within a level is what the cascade does anyway."""

_HEADS_IN_ORDER = ("box", "landmarks", "face")

_POINTS_BY_PAIRS = np.arange(10).reshape(2, 5).T.ravel()
"""Where x1, y1, x2, y2, … stand among x1…x5, y1…y5."""


def build_networks(weights: Mapping[str, Weights]) -> dict[str, keras.Model]:
    """The three networks with the package's ``weights``, by name, in the order of the stages."""
    return {name: _with_weights(build(), weights[name]) for name, build in _BUILDERS.items()}


def _pnet() -> keras.Model:
    image = keras.Input((None, None, 3), name="image")
    x = _convolution(image, 10, 3, "conv1")
    x = layers.MaxPooling2D(2, 2, name="pool1")(x)
    x = _convolution(x, 16, 3, "conv2")
    x = _convolution(x, 32, 3, "conv3")
    heads = {name: layers.Conv2D(HEADS[name], 1, name=name)(x) for name in ("box", "face")}
    return keras.Model(image, heads, name="pnet")


def _rnet() -> keras.Model:
    image = keras.Input((24, 24, 3), name="image")
    x = _convolution(image, 28, 3, "conv1")
    x = layers.MaxPooling2D(3, 2, "same", name="pool1")(x)
    x = _convolution(x, 48, 3, "conv2")
    x = layers.MaxPooling2D(3, 2, name="pool2")(x)
    x = _convolution(x, 64, 2, "conv3")
    return _dense_heads(image, x, 128, ("box", "face"), "rnet")


def _onet() -> keras.Model:
    image = keras.Input((48, 48, 3), name="image")
    x = _convolution(image, 32, 3, "conv1")
    x = layers.MaxPooling2D(3, 2, "same", name="pool1")(x)
    x = _convolution(x, 64, 3, "conv2")
    x = layers.MaxPooling2D(3, 2, name="pool2")(x)
    x = _convolution(x, 64, 3, "conv3")
    x = layers.MaxPooling2D(2, 2, name="pool3")(x)
    x = _convolution(x, 128, 2, "conv4")
    return _dense_heads(image, x, 256, ("box", "landmarks", "face"), "onet")


_BUILDERS: Mapping[str, Callable[[], keras.Model]] = MappingProxyType({"pnet": _pnet, "rnet": _rnet, "onet": _onet})


def _convolution(x: Any, filters: int, size: int, name: str) -> Any:
    x = layers.Conv2D(filters, size, name=name)(x)
    return layers.PReLU(shared_axes=[1, 2], name=f"{name}_prelu")(x)


def _dense_heads(image: Any, x: Any, units: int, heads: tuple[str, ...], name: str) -> keras.Model:
    x = layers.Flatten(name="flatten")(x)
    x = layers.Dense(units, name="dense")(x)
    x = layers.PReLU(name="dense_prelu")(x)
    return keras.Model(image, {head: layers.Dense(HEADS[head], name=head)(x) for head in heads}, name=name)


def _with_weights(network: keras.Model, weights: Weights) -> keras.Model:
    """Hand out ``weights`` in the package's order: layer after layer, then the heads."""
    remaining = iter(weights)
    body = [layer for layer in network.layers if layer.name not in HEADS]
    heads = [network.get_layer(name) for name in _HEADS_IN_ORDER if name in network.output]
    for layer in body + heads:
        values = [next(remaining) for _ in layer.weights]
        if layer.name == "dense":
            values[0] = _by_rows(values[0], network.get_layer("flatten").input.shape[1:])
        if layer.name == "landmarks":
            values = [value[..., _POINTS_BY_PAIRS] for value in values]
        layer.set_weights(values)
    return network


def _by_rows(kernel: NDArray[np.float32], over: tuple[int, int, int]) -> NDArray[np.float32]:
    """A dense ``kernel`` ``(width · height · channels, units)`` for the map ``over`` (height, width, channels)."""
    height, width, channels = over
    return kernel.reshape(width, height, channels, -1).swapaxes(0, 1).reshape(kernel.shape)
