"""A narrower network from a wider one: of the channels inside each residual block those that matter most.

Whatever else reads and writes a block's maps keeps its width, so that only two convolutions and the normalization
between them lose channels (Li et al., 2017, "Pruning Filters for Efficient ConvNets", figure 4).
"""

from __future__ import annotations

from collections.abc import Mapping

import keras
import numpy as np
from numpy.typing import NDArray

from convert.training.checkpoint import Arrays

INTO, OUT_OF = "_conv1_conv/kernel", "_conv2_conv/kernel"
"""Kernels of a basic block: into the channels inside it, and out of them."""

NORM = ("gamma", "beta", "moving_mean", "moving_variance")


def narrowed(network: keras.Model, weights: Arrays) -> Arrays:
    """``weights`` of a network that is wider inside its blocks, cut to those of ``network``; others as they are.

    A channel matters as much as what it adds to its block's map: the length of the kernels that read it, times the
    spread that its normalization gives it.
    """
    names = [_name(weight) for weight in network.weights]
    if len(names) != len(weights):
        return weights
    given = dict(zip(names, weights, strict=True))
    for weight, name in zip(network.weights, names, strict=True):
        if name.endswith(INTO):
            _narrow(given, name.removesuffix(INTO), weight.shape[-1])
    return [given[name] for name in names]


def _narrow(given: dict[str, NDArray[np.float32]], block: str, channels: int) -> None:
    """Cut what the ``block`` has inside to so many ``channels``, in the order that they had."""
    into, out_of = block + INTO, block + OUT_OF
    if given[into].shape[-1] <= channels:
        return
    kept = np.sort(np.argsort(-_importance(given, block), kind="stable")[:channels])
    given[into], given[out_of] = given[into][..., kept], given[out_of][:, :, kept]
    for part in NORM:
        given[f"{block}_conv1_norm/{part}"] = given[f"{block}_conv1_norm/{part}"][kept]


def _importance(given: Mapping[str, NDArray[np.float32]], block: str) -> NDArray[np.float32]:
    """``(channels,)``."""
    read = np.sqrt((given[block + OUT_OF] ** 2).sum(axis=(0, 1, 3)))
    return np.asarray(np.abs(given[f"{block}_conv1_norm/gamma"]) * read)


def _name(weight: keras.Variable) -> str:
    """Layer and variable."""
    return "/".join(weight.path.split("/")[-2:])
