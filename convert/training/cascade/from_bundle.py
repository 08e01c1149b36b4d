"""The networks of a cascade's bundle, or of its finished training, where another training takes them up."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import keras
import numpy as np
from keras import layers

from convert.networks.cascade import NETWORKS, ONET_LAYERS, OnetWidths, onet
from convert.quantize.stem import single_kernel
from convert.quantize.tflite_file import TfliteFile
from convert.training.from_bundle import FileWeights, is_bundle
from convert.training.recipe import RecipeError
from edge.inference import Bundle, load_bundle

IMAGE_CHANNELS = 3

SAME_SLOPE = 1e-3
"""Slopes that differ by less are one, rounded."""


def initial_networks(folder: Path) -> dict[str, keras.Model]:
    """P-Net, R-Net and O-Net by name, of the bundle or of the finished training in ``folder``, for ``--initial``.

    Raises:
        RecipeError: it holds no cascade, or one that was imported with other activations.
        BundleError: it is a damaged bundle.
    """
    return _of_bundle(folder) if is_bundle(folder) else {name: _finished(folder, name) for name in NETWORKS}


def initial_onet(folder: Path) -> keras.Model:
    """O-Net alone, of any bundle or finished training in ``folder`` that has one, for ``--initial``.

    Raises:
        RecipeError: it has none, or one that was imported with other activations.
        BundleError: it is a damaged bundle.
    """
    if not is_bundle(folder):
        return _finished(folder, "onet")
    bundle = load_bundle(folder)
    if "onet" not in bundle.models:
        raise RecipeError(f"--initial {folder}: this bundle has no O-Net, only {', '.join(bundle.models)}")
    return _network("onet", bundle)


def _finished(folder: Path, name: str) -> keras.Model:
    file = folder / f"{name}.keras"
    try:
        return keras.models.load_model(file, compile=False)
    except (OSError, ValueError) as error:
        raise RecipeError(f"--initial {folder}: no network of a finished cascade in {file} ({error})") from error


def _of_bundle(folder: Path) -> dict[str, keras.Model]:
    bundle = load_bundle(folder)
    if missing := sorted(set(NETWORKS) - set(bundle.models)):
        raise RecipeError(
            f"--initial {folder}: a cascade is trained on from {', '.join(NETWORKS)}, this bundle lacks "
            f"{', '.join(missing)}"
        )
    return {name: _network(name, bundle) for name in bundle.manifest.networks}


def _network(name: str, bundle: Bundle) -> keras.Model:
    model = bundle.models[name]
    network = onet(_widths(model)) if name == "onet" else NETWORKS[name]()
    _take(network, model, set(bundle.manifest.networks[name].outputs))
    return network


def _widths(model: bytes) -> OnetWidths:
    """Those of the O-Net in a file."""
    weights = FileWeights(model)
    stem, *others = (len(weights.kernel(name)) for name in ONET_LAYERS[:-1])
    together = weights.kernel(ONET_LAYERS[0]).shape[-1] // IMAGE_CHANNELS  # pixels that the stem sees as one
    second, third, fourth = others
    return stem // together, second, third, fourth, len(weights.kernel(f"{ONET_LAYERS[-1]}_convolution"))


def _take(network: keras.Model, model: bytes, outputs: set[str]) -> None:
    """Give ``network`` the weights of its file; heads that a device doesn't read aren't there and begin at 0."""
    weights, slopes = FileWeights(model), _Slopes(model)
    unread = set(network.output) - outputs
    for layer in network.layers:
        if layer.name in unread:
            layer.set_weights([np.zeros_like(array) for array in layer.get_weights()])
        elif isinstance(layer, layers.Conv2D):
            kernel = single_kernel(weights.kernel(layer.name), layer.kernel.shape[-2])
            bias = weights.bias(layer.name)[: layer.filters]  # a stem that sees several pixels as one repeats them
            layer.set_weights([np.moveaxis(kernel, 0, -1), bias])
        elif isinstance(layer, layers.Dense):
            over_map = f"{layer.name}_convolution"
            kernel = weights.kernel(over_map).reshape(layer.units, -1)
            layer.set_weights([kernel.T, weights.bias(over_map)])
        elif isinstance(layer, layers.PReLU):
            layer.set_weights([np.full(layer.alpha.shape, slopes.of(layer.name, weights), np.float32)])


class _Slopes:
    """The one slope of each PReLU of a file."""

    def __init__(self, model: bytes) -> None:
        file = TfliteFile(model)
        self._by_tensor = {
            file.tensor(operation.outputs[0]).name.decode(): float(operation.builtinOptions.alpha)
            for operation in file.operations
            if hasattr(operation.builtinOptions, "alpha")
        }

    def of(self, layer: str, weights: FileWeights) -> float:
        """That of a LEAKY_RELU, or of the two branches that stand for a slope too small for one."""
        pattern: re.Pattern[str] = re.compile(rf"(.*[/;])?{layer}(_\d+)?/LeakyRelu")
        found: list[Any] = [slope for name, slope in self._by_tensor.items() if pattern.fullmatch(name)]
        if found:
            return float(found[0])
        slopes = 1 - weights.kernel(f"{layer}_bent")
        if np.ptp(slopes) > SAME_SLOPE:
            raise RecipeError(
                f"--initial: {layer} has a slope for each channel, from {slopes.min():.3g} to {slopes.max():.3g}; a "
                "cascade that this program trains has one for the layer: give a bundle of one of those"
            )
        return float(slopes.mean())
