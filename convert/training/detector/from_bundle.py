"""The single-shot network of a bundle, where another training takes it up."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import keras
import numpy as np
from keras import layers

from convert.networks.detector import DetectorSize, build_detector
from convert.quantize.stem import single_stride_kernel
from convert.training.detector.recipe import NetworkTable
from convert.training.from_bundle import FileWeights, layer_before, unfold
from convert.training.recipe import RecipeError
from edge.inference import load_bundle
from edge.inference.manifest import SINGLE_SHOT


def bundle_detector(folder: Path) -> keras.Model:
    """The network of the bundle in ``folder``, for ``--initial``.

    Raises:
        RecipeError: it has no such network, or one of other channels.
        BundleError: it is damaged.
    """
    bundle = load_bundle(folder)
    (name,) = SINGLE_SHOT
    if name not in bundle.models:
        raise RecipeError(
            f"--initial {folder}: a single-shot detector is trained on from another, this bundle for "
            f"{bundle.manifest.task.value!r} holds {', '.join(bundle.models)}"
        )
    weights = FileWeights(bundle.models[name])
    try:
        network = build_detector(size=_size(bundle.manifest.training.recipe))
        for layer in network.layers:
            if isinstance(layer, layers.BatchNormalization):
                convolution = layer_before(network, layer)
                kernel = single_stride_kernel(weights.kernel(convolution.name), convolution.kernel.shape[-2])
                unfold(kernel, weights.bias(convolution.name), convolution, layer)
            elif isinstance(layer, layers.Conv2D) and layer.use_bias:
                layer.set_weights([np.moveaxis(weights.kernel(layer.name), 0, -1), weights.bias(layer.name)])
    except ValueError as error:
        raise RecipeError(
            f"--initial {folder}: its network has other channels than the one that is trained ({error}); give a "
            "bundle that this version of the program made"
        ) from error
    return network


def _size(recipe: Mapping[str, Any]) -> DetectorSize:
    """Of the network that ``recipe`` trained."""
    return NetworkTable.model_validate(recipe.get("network", {})).size
