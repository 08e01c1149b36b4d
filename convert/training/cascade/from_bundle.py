"""The networks of a cascade's bundle, or of its finished training, where another training takes them up."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import keras
import numpy as np
from keras import layers

from convert.networks.cascade import NETWORKS
from convert.quantize.stem import single_kernel
from convert.quantize.tflite_file import TfliteFile
from convert.training.from_bundle import FileWeights, is_bundle
from convert.training.recipe import RecipeError
from edge.inference import load_bundle

SAME_SLOPE = 1e-3
"""Slopes that differ by less are one, rounded."""


def initial_networks(folder: Path) -> dict[str, keras.Model]:
    """P-Net, R-Net and O-Net by name, of the bundle or of the finished training in ``folder``, for ``--initial``.

    Raises:
        RecipeError: it holds no cascade, or one that was imported with other activations.
        BundleError: it is a damaged bundle.
    """
    return _of_bundle(folder) if is_bundle(folder) else {name: _finished(folder, name) for name in NETWORKS}


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
    networks = {}
    for name, spec in bundle.manifest.networks.items():
        networks[name] = network = NETWORKS[name]()
        _take(network, bundle.models[name], set(spec.outputs))
    return networks


def _take(network: keras.Model, model: bytes, outputs: set[str]) -> None:
    """Give ``network`` the weights of its file; heads that a device doesn't read aren't there and begin at random."""
    weights, slopes = FileWeights(model), _Slopes(model)
    unread = set(network.output) - outputs
    for layer in network.layers:
        if layer.name in unread:
            continue
        if isinstance(layer, layers.Conv2D):
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
