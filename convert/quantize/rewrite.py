"""Rewrites a trained network into operations that XNNPACK runs in int8 and at any batch size.

The rewritten network computes the same function:

- a PReLU with one slope for the whole layer becomes a LeakyReLU: int8 PRELU has no XNNPACK kernel;
- Flatten + Dense becomes a valid convolution over the whole map, then the mean over its single position:
  a RESHAPE would hold the batch size as a constant, so that the file would work for one batch size only.
"""

from __future__ import annotations

import logging
from typing import Any

import keras
import numpy as np
from keras import layers

from edge.errors import ModelError

log = logging.getLogger(__name__)


class RewriteError(ModelError):
    """A network holds a layer that can't be brought onto the device."""


def rewrite_for_device(network: keras.Model, shape: tuple[int, int, int, int]) -> keras.Model:
    """A copy of ``network`` for the fixed input ``shape`` ``(n, height, width, channels)``, with the same outputs.

    Raises:
        RewriteError: a PReLU has several slopes, or a Flatten feeds something else than a Dense layer.
    """
    flattened = _flattened_maps(network)

    def convert(layer: keras.Layer) -> keras.Layer:
        if isinstance(layer, layers.PReLU):
            return layers.LeakyReLU(negative_slope=_shared_slope(layer), name=layer.name)
        if isinstance(layer, layers.Flatten):
            return layers.Identity(name=layer.name)
        if layer.name in flattened:
            return _convolution_over_map(layer, flattened[layer.name])
        return layer.__class__.from_config(_float32(layer.get_config()))

    image = keras.Input(batch_shape=shape, name=network.inputs[0].name)
    copy = keras.models.clone_model(network, input_tensors=image, clone_function=convert)
    for layer in network.layers:
        _copy_weights(layer, copy.get_layer(layer.name), layer.name in flattened)
    return copy


def _flattened_maps(network: keras.Model) -> dict[str, tuple[int, int, int]]:
    """For each Dense layer that follows a Flatten: its name and the map ``(height, width, channels)`` it sees."""
    maps = {}
    for layer in network.layers:
        if not isinstance(layer, layers.Flatten):
            continue
        height, width, channels = layer.input.shape[1:]
        for node in layer._outbound_nodes:
            if not isinstance(node.operation, layers.Dense):
                raise RewriteError(
                    f"{network.name}: layer {node.operation.name!r} follows the Flatten {layer.name!r}: "
                    f"only Dense may, received {type(node.operation).__name__}"
                )
            maps[node.operation.name] = (height, width, channels)
    return maps


def _convolution_over_map(dense: layers.Dense, over: tuple[int, int, int]) -> keras.Sequential:
    height, width, _ = over
    config = _float32(dense.get_config())
    return keras.Sequential(
        [
            layers.Conv2D(
                dense.units,
                (height, width),
                activation=config["activation"],
                use_bias=dense.use_bias,
                name=f"{dense.name}_convolution",
            ),
            layers.GlobalAveragePooling2D(name=f"{dense.name}_position"),
        ],
        name=dense.name,
    )


def _copy_weights(layer: keras.Layer, copy: keras.Layer, becomes_convolution: bool) -> None:
    if isinstance(layer, layers.PReLU):
        return
    weights = layer.get_weights()
    if becomes_convolution:
        weights[0] = weights[0].reshape(copy.layers[0].kernel.shape)
    copy.set_weights(weights)


def _shared_slope(layer: layers.PReLU) -> float:
    slopes = np.asarray(layer.get_weights()[0])
    if slopes.size != 1:
        raise RewriteError(
            f"PReLU {layer.name!r}: needs one slope for the whole layer (shared_axes over all axes), has {slopes.size}"
        )
    slope = float(slopes.reshape(()))
    if slope < 0:
        # XNNPACK takes no negative slope; a trained one is a rounding of "off".
        log.warning("PReLU %s: slope %.4f clipped to 0", layer.name, slope)
    return max(slope, 0.0)


def _float32(config: dict[str, Any]) -> dict[str, Any]:
    """A layer's configuration without the precision that it was trained in."""
    return {**config, "dtype": "float32"}
