"""A larger detector from a smaller one, which computes the same until it is trained on.

The channels of the smaller one keep their weights and read nothing of the new ones, which begin at random; new blocks
add nothing at first.  Chen et al., 2015, *Net2Net*, double channels instead: here both begin to learn at once.
"""

from __future__ import annotations

import keras
import numpy as np
from keras import layers
from numpy.typing import NDArray

from convert.networks.detector import DetectorSize, build_detector
from convert.training.recipe import RecipeError

ADDED_NORM = "_conv2_norm"
"""Ends the name of the normalization whose result a block adds to what it was given."""


def grown(network: keras.Model, size: DetectorSize) -> keras.Model:
    """``network`` at ``size``: itself if it has it, else a larger one that gives the same.

    Raises:
        RecipeError: it has more channels or blocks somewhere.
    """
    larger = build_detector(size=size)
    known = {layer.name: layer for layer in network.layers if layer.weights}
    if missing := sorted(known.keys() - {layer.name for layer in larger.layers}):
        raise RecipeError(f"--initial: its network has {', '.join(missing)} besides what the recipe's [network] has")
    for layer in larger.layers:
        if layer.name in known:
            old = known[layer.name].get_weights()
            layer.set_weights([_grown(layer, *pair) for pair in zip(old, layer.get_weights(), strict=True)])
        elif isinstance(layer, layers.BatchNormalization) and layer.name.endswith(ADDED_NORM):
            gamma, *others = layer.get_weights()
            layer.set_weights([np.zeros_like(gamma), *others])
    return larger


def _grown(layer: layers.Layer, old: NDArray[np.float32], new: NDArray[np.float32]) -> NDArray[np.float32]:
    """The ``old`` weights within the ``new`` ones; kernels are ``(height, width, in, out)``, all others ``(out,)``."""
    if old.ndim != new.ndim or any(had > has for had, has in zip(old.shape, new.shape, strict=True)):
        raise RecipeError(
            f"--initial: its network is larger than what the recipe's [network] says: {layer.name} has weights "
            f"{old.shape}, room is for {new.shape}"
        )
    new = new.copy()
    if old.ndim == 4:
        new[:, :, :, : old.shape[-1]] = 0
    new[tuple(slice(length) for length in old.shape)] = old
    return new
