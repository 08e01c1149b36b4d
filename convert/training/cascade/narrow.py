"""A narrower O-Net from a wider one: of each layer's channels those that matter most.

As in :mod:`convert.training.narrow`, but through the whole network: without shortcuts each layer is read by the next
one only.
"""

from __future__ import annotations

from itertools import pairwise

import keras
import numpy as np
from numpy.typing import NDArray

from convert.networks.cascade import HEADS, ONET_LAYERS, OnetWidths, onet, onet_widths
from convert.training.recipe import RecipeError

JUDGED_HEADS = ("face", "box")
"""By what these read of it a unit of the dense layer is judged: points are not trained for hands."""

Kernel = NDArray[np.float32]
"""``(taps, channels in, channels out)``."""


def narrowed_onet(network: keras.Model, widths: OnetWidths) -> keras.Model:
    """An O-Net of these ``widths`` with weights of ``network``, which is as wide or wider; itself if it has them.

    A channel matters as much as the length of its own kernel times that of the kernels that read it.

    Raises:
        RecipeError: ``network`` is narrower somewhere.
    """
    given = onet_widths(network)
    if given == widths:
        return network
    if any(wanted > there for wanted, there in zip(widths, given, strict=True)):
        raise RecipeError(f"onet.widths: {list(widths)} can't be cut from those of --initial, {list(given)}")
    narrow = onet(widths)
    kept = np.arange(network.input_shape[-1])
    for name, width in zip(ONET_LAYERS, widths, strict=True):
        kernel, bias = _kernel(network, name), network.get_layer(name).get_weights()[1]
        matter = np.sqrt((kernel[:, kept] ** 2).sum(axis=(0, 1)) * (_readers(network, name) ** 2).sum(axis=(0, 2)))
        chosen = np.sort(np.argsort(-matter, kind="stable")[:width])
        _set(narrow.get_layer(name), kernel[:, kept][:, :, chosen], bias[chosen])
        narrow.get_layer(f"{name}_prelu").set_weights(network.get_layer(f"{name}_prelu").get_weights())
        kept = chosen
    for head in HEADS:
        _set(narrow.get_layer(head), _kernel(network, head)[:, kept], network.get_layer(head).get_weights()[1])
    return narrow


def _kernel(network: keras.Model, name: str) -> Kernel:
    """Of a convolution or a dense layer, by the channels of the layer before."""
    before = {layer: earlier for earlier, layer in pairwise(ONET_LAYERS)} | dict.fromkeys(HEADS, ONET_LAYERS[-1])
    channels = network.get_layer(before[name]).bias.shape[0] if name in before else network.input_shape[-1]
    kernel = network.get_layer(name).get_weights()[0]
    return np.asarray(kernel.reshape(-1, channels, kernel.shape[-1]))


def _readers(network: keras.Model, name: str) -> Kernel:
    after = dict(pairwise(ONET_LAYERS))
    if name in after:
        return _kernel(network, after[name])
    return np.concatenate([_kernel(network, head) for head in JUDGED_HEADS], axis=2)


def _set(layer: keras.layers.Layer, kernel: Kernel, bias: NDArray[np.float32]) -> None:
    layer.set_weights([kernel.reshape(layer.kernel.shape), bias])
