"""The single-shot network of a bundle, where another training takes it up."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import keras
import numpy as np
from keras import layers

from convert.quantize.stem import single_stride_kernel
from convert.training.from_bundle import FileWeights, layer_before, unfold
from convert.training.recipe import RecipeError
from edge.inference import load_bundle
from edge.inference.manifest import SINGLE_SHOT


def bundle_detector(folder: Path, build: Callable[[], keras.Model]) -> keras.Model:
    """The network of the bundle in ``folder``, for ``--initial``; ``build`` gives one of random weights.

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
    network, weights = build(), FileWeights(bundle.models[name])
    try:
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
