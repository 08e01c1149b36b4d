"""Rewrites a trained network into operations that XNNPACK runs in int8 and at any batch size.

The rewritten network computes the same function:

- a BatchNormalization is folded into the layer before it;
- a PReLU with one slope for the whole layer becomes a LeakyReLU: int8 PRELU has no XNNPACK kernel;
- a PReLU with a slope for each channel becomes two depthwise 1×1 convolutions and their sum (:func:`_two_branches`);
- UpSampling2D to the nearest position becomes copies and a DEPTH_TO_SPACE (:class:`.enlarge.NearestDoubling`);
- Flatten + Dense becomes a valid convolution over the whole map, and what follows stays a map of one position until
  an output takes the mean over it: a RESHAPE would hold the batch size as a constant, so that the file would work
  for one batch size only.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import keras
import numpy as np
from keras import layers
from numpy.typing import NDArray

from convert.quantize.enlarge import NearestDoubling, is_nearest_doubling
from convert.quantize.fold import folded_weights, is_folded
from convert.quantize.run import named_outputs
from edge.errors import ModelError

MIN_LEAKY_SLOPE = 1 / 128
"""XNNPACK takes an int8 LEAKY_RELU from slope × input scale / output scale = 1/256 up.  The output's range is no larger
than the input's, so the ratio of the scales is about 1 or more; the factor of two is for rounding."""

ELEMENTWISE = (layers.Activation, layers.Dropout, layers.Identity, layers.LeakyReLU, layers.ReLU)
"""Layers that do to a flattened map what they do to the map."""

Rule = Callable[[keras.Layer, Any], Any]
"""``rule(layer, x)`` → what stands for ``layer`` in a copy, called on the copy's tensor or tensors ``x``."""


class RewriteError(ModelError):
    """A network holds a layer that can't be brought onto the device."""


def rewrite_for_device(network: keras.Model, shape: tuple[int, int, int]) -> keras.Model:
    """A copy of ``network`` for inputs of ``shape`` ``(height, width, channels)``, with the same outputs.

    Its batch size stays open: of a fixed one the converter makes constants.

    Raises:
        RewriteError: a layer has no equivalent, for example a PReLU with a slope for each position.
    """
    return copy_network(network, shape, _rewrite)


def without_softmax(network: keras.Model) -> keras.Model:
    """A copy of ``network`` that gives logits where its outputs are softmaxes, or ``network`` itself if none is.

    Int8 SOFTMAX has no XNNPACK kernel, and a device that weighs or calibrates its answers wants the logits.
    """
    final = {tensor._keras_history.operation.name for tensor in network.outputs}
    softmaxes = {layer.name for layer in network.layers if layer.name in final and _is_softmax(layer)}

    def rule(layer: keras.Layer, x: Any) -> Any:
        if layer.name not in softmaxes:
            return copy_layer(layer, x)
        if not layer.weights:
            return layers.Identity(name=layer.name)(x)
        return copy_layer(layer, x, activation="linear")

    return copy_network(network, network.inputs[0].shape[1:], rule) if softmaxes else network


def copy_network(network: keras.Model, shape: tuple[int | None, ...], rule: Rule) -> keras.Model:
    """``network`` rebuilt by ``rule``, layer by layer, for the input ``shape``; outputs as a dictionary by name."""
    sources = named_outputs(network, network.output)
    image = keras.Input(shape, name=network.inputs[0].name)
    copy = keras.models.clone_model(
        keras.Model(network.inputs, list(sources.values())),
        input_tensors=[image],
        clone_function=lambda layer: layer,
        call_function=lambda layer, x, **options: rule(layer, x),
    )
    outputs = zip(sources.items(), copy.outputs, strict=True)
    return keras.Model(image, {name: _of_rank(x, source, name) for (name, source), x in outputs}, name=network.name)


def _rewrite(layer: keras.Layer, x: Any) -> Any:
    if isinstance(layer, layers.Flatten):
        return layers.Identity(name=layer.name)(x)
    if isinstance(layer, layers.PReLU):
        return _prelu(layer, x)
    if is_nearest_doubling(layer):
        return NearestDoubling(name=layer.name)(x)
    if is_folded(layer):
        return x
    weights = folded_weights(layer)
    if not _is_flattened(layer, x):
        return copy_layer(layer, x) if weights is None else copy_layer(layer, x, weights, use_bias=True)
    if isinstance(layer, layers.Dense):
        return _convolution_over_map(layer, x, weights or layer.get_weights())
    if isinstance(layer, ELEMENTWISE):
        return copy_layer(layer, x)
    raise RewriteError(
        f"layer {layer.name!r} follows a Flatten: only Dense, BatchNormalization after Dense, PReLU and elementwise "
        f"layers may, received {type(layer).__name__}; train the network with GlobalAveragePooling2D in its place"
    )


def copy_layer(layer: keras.Layer, x: Any, weights: list[NDArray[Any]] | None = None, **changes: Any) -> Any:
    """A float32 layer of ``layer``'s configuration but for ``changes``, with its or other ``weights``, on ``x``."""
    copy = layer.__class__.from_config({**layer.get_config(), "dtype": "float32", **changes})
    y = copy(x)
    copy.set_weights(layer.get_weights() if weights is None else weights)
    return y


def followers(layer: keras.Layer) -> list[keras.Layer]:
    """The layers that read ``layer``."""
    return [node.operation for node in layer._outbound_nodes]


def _convolution_over_map(dense: layers.Dense, x: Any, weights: list[NDArray[Any]]) -> Any:
    """``(n, 1, 1, units)``: what ``dense`` makes of the flattened ``x`` ``(n, height, width, channels)``."""
    convolution = layers.Conv2D(
        dense.units,
        x.shape[1:3],
        activation=dense.get_config()["activation"],
        use_bias=len(weights) == 2,
        name=f"{dense.name}_convolution",
    )
    y = convolution(x)
    kernel, *bias = weights
    convolution.set_weights([kernel.reshape(convolution.kernel.shape), *bias])
    return y


def _prelu(layer: layers.PReLU, x: Any) -> Any:
    slopes = _slopes(layer, x)
    if np.ptp(slopes) == 0 and slopes[0] >= MIN_LEAKY_SLOPE:
        return layers.LeakyReLU(negative_slope=float(slopes[0]), name=layer.name)(x)
    if not slopes.any():
        return layers.ReLU(name=layer.name)(x)
    return _two_branches(layer.name, slopes, x)


def _slopes(layer: layers.PReLU, x: Any) -> NDArray[np.float32]:
    """``(channels,)``: the slope of each channel of ``x``."""
    slopes = np.asarray(layer.get_weights()[0])
    channels = x.shape[-1]
    if slopes.shape[-1] not in (1, channels):
        raise RewriteError(_slopes_message(layer, slopes))
    by_channel = slopes.reshape(-1, slopes.shape[-1])
    if np.ptp(by_channel, axis=0).any():
        raise RewriteError(_slopes_message(layer, slopes))
    return np.broadcast_to(by_channel[0], (channels,))


def _slopes_message(layer: layers.PReLU, slopes: NDArray[np.float32]) -> str:
    return (
        f"PReLU {layer.name!r}: needs one slope for the layer or one for each channel "
        f"(shared_axes=[1, 2]), received slopes of shape {slopes.shape} that differ by position"
    )


def _two_branches(name: str, slopes: NDArray[np.float32], x: Any) -> Any:
    """``PReLU(z) = a·z + ReLU((1 - a)·z)`` on a map ``(n, height, width, channels)``.

    Exact for every slope a ≤ 1, negative ones too: (1 - a) isn't negative, so its ReLU is (1 - a)·max(z, 0).  Slopes
    above 1 take ``z - ReLU((1 - a)·z)``: the ReLU is (a - 1)·max(-z, 0).  The ReLU fuses into the depthwise
    convolution, whose int8 weights have a scale for each channel and so hold every slope without rounding.
    """
    if len(x.shape) != 4:
        raise RewriteError(
            f"PReLU {name!r}: slopes for each channel need a map (n, height, width, channels), or a Dense after a "
            f"Flatten; received a tensor of shape {x.shape}"
        )
    steep = slopes > 1
    straight = _scale(np.where(steep, 1, slopes), f"{name}_straight", x)
    bent = _scale(1 - slopes, f"{name}_bent", x, activation="relu")
    if steep.any():
        bent = _scale(np.where(steep, -1, 1), f"{name}_sign", bent)
    return layers.Add(name=name)([straight, bent])


def _scale(factors: NDArray[Any], name: str, x: Any, activation: str | None = None) -> Any:
    """``x`` ``(n, height, width, channels)`` times ``factors`` ``(channels,)``."""
    scale = layers.DepthwiseConv2D(1, use_bias=False, activation=activation, name=name)
    y = scale(x)
    scale.set_weights([factors.astype(np.float32).reshape(scale.kernel.shape)])
    return y


def _is_flattened(layer: keras.Layer, x: Any) -> bool:
    """Whether ``x`` is still a map where ``layer`` was trained on a flattened one."""
    return not isinstance(layer.input, list) and len(layer.input.shape) == 2 and len(x.shape) == 4


def _of_rank(x: Any, source: Any, name: str) -> Any:
    """``x`` as a vector where the output it stands for was one."""
    if len(x.shape) == len(source.shape):
        return x
    if x.shape[1:3] != (1, 1):
        raise RewriteError(
            f"output {name!r} is a flattened map of {x.shape[1:]}: give the map itself, or a Dense of it"
        )
    return layers.GlobalAveragePooling2D(name=f"{name}_position")(x)


def _is_softmax(layer: keras.Layer) -> bool:
    return isinstance(layer, layers.Softmax) or getattr(layer, "activation", None) is keras.activations.softmax
