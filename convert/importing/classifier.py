"""Brings a classifier that somebody else trained to Vigil's conventions: RGB or grey in, one logit a label out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import keras
import numpy as np
from keras import layers

from convert.importing.errors import ForeignNetworkError
from convert.quantize.rewrite import copy_layer, copy_network
from edge.inference.manifest import InputSpec
from edge.perception.classifier import LOGITS

ForeignColour = Literal["rgb", "bgr", "grey"]

NEUTRAL_MEAN, NEUTRAL_SCALE = 127.5, 1 / 127.5
"""What the device feeds a network whose own colour order or normalisation needs a layer of its own."""


@dataclass(frozen=True)
class ForeignInput:
    """How a network was fed in training: real value = (pixel - mean) * scale, pixels 0 to 255.

    ``mean`` and ``scale`` have one value, or one for each channel in the order of ``colour``.
    """

    colour: ForeignColour
    mean: tuple[float, ...]
    scale: tuple[float, ...]

    def __post_init__(self) -> None:
        for name, values in (("mean", self.mean), ("scale", self.scale)):
            if len(values) not in (1, self.channels):
                raise ForeignNetworkError(f"{name}: needs one value or {self.channels}, received {len(values)}")
            if not np.isfinite(values).all():
                raise ForeignNetworkError(f"{name}: must be finite, received {values}")
        if min(self.scale) <= 0:
            raise ForeignNetworkError(f"scale: must be positive, received {self.scale}")

    @property
    def channels(self) -> int:
        return 1 if self.colour == "grey" else 3

    @property
    def is_native(self) -> bool:
        """Whether a manifest can state it: no BGR, and one mean and scale for all channels."""
        return self.colour != "bgr" and len(set(self.mean)) == 1 and len(set(self.scale)) == 1


def adapt_classifier(
    network: keras.Model, labels: Sequence[str], fed: ForeignInput, size: int | None = None
) -> tuple[keras.Model, InputSpec]:
    """``network`` with the output ``logits`` ``(n, labels)``, and what the device is to feed it.

    A softmax at the end is left out; a single sigmoid becomes two logits, 0 and its own.  BGR order and a mean or
    scale for each channel become a 1×1 convolution before the network.  ``size`` is needed for a network that takes
    any.

    Raises:
        ForeignNetworkError: inputs or outputs of another form.
    """
    network = _flat(network)
    size = _size(network, fed, size)
    _check_output(network, labels)
    adapted = _adapted(network, fed, size)
    (logits,) = keras.tree.flatten(adapted.output)
    if logits.shape[-1] == 1:
        logits = _two_logits(logits)
    spec = InputSpec(
        shape=(1, size, size, fed.channels),
        dtype="float32",
        colour="grey" if fed.colour == "grey" else "rgb",
        mean=fed.mean[0] if fed.is_native else NEUTRAL_MEAN,
        scale=fed.scale[0] if fed.is_native else NEUTRAL_SCALE,
    )
    return keras.Model(adapted.inputs, {LOGITS: logits}, name=network.name), spec


def _flat(network: keras.Model) -> keras.Model:
    """``network`` with the layers of the networks in it as its own, as conversion looks at layers."""

    def rule(layer: keras.Layer, x: Any) -> Any:
        return _run_on(layer, x) if isinstance(layer, keras.Model) else copy_layer(layer, x)

    # A Sequential that was loaded and never called has no `output`.
    network = keras.Model(network.inputs, network.outputs, name=network.name)
    while any(isinstance(layer, keras.Model) for layer in network.layers):
        network = copy_network(network, network.inputs[0].shape[1:], rule)
    return network


def _adapted(network: keras.Model, fed: ForeignInput, size: int) -> keras.Model:
    """A copy that takes what the device can feed, and gives what stands before a softmax or sigmoid at the end."""
    image = keras.Input((size, size, fed.channels), name="device_image")
    fed_as_trained = image if fed.is_native else _as_trained(image, fed)
    whole = keras.Model(image, _run_on(network, fed_as_trained), name=network.name)
    last, activation = _last_layer(network), _last_activation(network)

    def rule(layer: keras.Layer, x: Any) -> Any:
        if layer is not last or activation == "linear":
            return copy_layer(layer, x)
        return copy_layer(layer, x, activation="linear") if layer.weights else layers.Identity(name=layer.name)(x)

    return copy_network(whole, (size, size, fed.channels), rule)


def _run_on(network: keras.Model, x: Any) -> Any:
    """The one output of ``network``'s own layers, called on ``x``."""
    (y,) = keras.tree.flatten(keras.Function(network.inputs, network.outputs).call([x]))
    return y


def _size(network: keras.Model, fed: ForeignInput, size: int | None) -> int:
    shapes = [tuple(tensor.shape) for tensor in network.inputs]
    if len(shapes) != 1 or len(shapes[0]) != 4 or shapes[0][0] is not None:
        raise ForeignNetworkError(f"{network.name}: needs one input (None, height, width, channels), received {shapes}")
    _, height, width, channels = shapes[0]
    if channels != fed.channels:
        raise ForeignNetworkError(
            f"{network.name}: colour {fed.colour!r} has {fed.channels} channel(s), the network takes {channels}"
        )
    sizes = {side for side in (height, width, size) if side is not None}
    if len(sizes) != 1:
        raise ForeignNetworkError(
            f"{network.name}: takes pictures of {height}×{width}, and crops are square; "
            + ("give their side with --size" if not sizes else f"received --size {size}")
        )
    return sizes.pop()


def _as_trained(image: Any, fed: ForeignInput) -> Any:
    """What the network was fed in training, from neutral RGB ``image``."""
    means, scales = np.resize(fed.mean, fed.channels), np.resize(fed.scale, fed.channels)
    kernel = np.diag(scales / NEUTRAL_SCALE)
    if fed.colour == "bgr":
        kernel = kernel[::-1]
    adapter = layers.Conv2D(fed.channels, 1, name="as_trained")
    x = adapter(image)
    adapter.set_weights([kernel[None, None].astype(np.float32), ((NEUTRAL_MEAN - means) * scales).astype(np.float32)])
    return x


def _check_output(network: keras.Model, labels: Sequence[str]) -> None:
    shapes = [tuple(tensor.shape) for tensor in network.outputs]
    if len(shapes) != 1 or len(shapes[0]) != 2:
        raise ForeignNetworkError(f"{network.name}: needs one output (None, {len(labels)}), received {shapes}")
    activation, units = _last_activation(network), shapes[0][1]
    if activation == "sigmoid" and units == 1 and len(labels) == 2:
        return
    if units != len(labels):
        raise ForeignNetworkError(
            f"{network.name}: gives {units} value(s), received {len(labels)} labels {list(labels)}"
        )
    if activation not in ("softmax", "linear"):
        raise ForeignNetworkError(
            f"{network.name}: ends in {activation!r}; a classifier ends in a softmax, in logits, or for two labels in "
            "one sigmoid"
        )


def _last_layer(network: keras.Model) -> keras.Layer:
    return network.outputs[0]._keras_history.operation


def _last_activation(network: keras.Model) -> str:
    """The name of what the network ends in; ``linear`` for none."""
    last = _last_layer(network)
    if isinstance(last, layers.Softmax):
        return "softmax"
    activation = getattr(last, "activation", None)
    return "linear" if activation is None else activation.__name__


def _two_logits(logit: Any) -> Any:
    """Logits ``(n, 2)`` whose softmax gives the sigmoid of ``logit`` ``(n, 1)`` to the second."""
    pair = layers.Dense(2, use_bias=False, name="no_and_yes")
    logits = pair(logit)
    pair.set_weights([np.array([[0, 1]], np.float32)])
    return logits
