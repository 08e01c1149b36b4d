"""The network of a bundle, where a training takes it up: a shipped one can go on, on other pictures or for longer.

A bundle holds int8 weights with the normalizations folded into them.  As real numbers they compute what the bundle
does but for the rounding of activations; the normalizations are put back so that the network can be trained.
"""

from __future__ import annotations

import re
from pathlib import Path

import keras
import numpy as np
from keras import layers
from numpy.typing import NDArray
from pydantic import ValidationError

from convert.training.identity.network import build_identity
from convert.training.identity.recipe import IdentityRecipe
from convert.training.network import build_network
from convert.training.recipe import InputTable, Recipe, RecipeError
from edge.inference import Bundle, Task, load_bundle
from edge.inference.runtime import build_interpreter

MANIFEST_FILE = "manifest.json"


def is_bundle(folder: Path) -> bool:
    """Whether ``folder`` is meant as a bundle, not as a training's."""
    return (folder / MANIFEST_FILE).is_file()


def bundle_network(folder: Path, option: str, *, any_size: bool = False) -> keras.Model:
    """The network of the bundle in ``folder``, which the command line's ``option`` names.

    It takes the device's crops; a classifier also those of ``any_size``.

    Raises:
        RecipeError: it is neither a classifier nor an embedder, or wasn't made by a recipe.
        BundleError: it is damaged.
    """
    bundle = load_bundle(folder)
    recipe = _recipe_of(bundle, option)
    weights = FileWeights(bundle.models[bundle.manifest.task.value])
    if isinstance(recipe, IdentityRecipe):
        network = build_identity(recipe)
    else:
        network = build_network(recipe, None if any_size else recipe.input.size)
    for layer in network.layers:
        if isinstance(layer, layers.Dense) and layer.use_bias:
            layer.set_weights([weights.kernel(layer.name).T, weights.bias(layer.name)])
        elif isinstance(layer, layers.BatchNormalization):
            _give(weights, layer_before(network, layer), layer)
    return network


def _give(weights: FileWeights, weighted: layers.Layer, norm: layers.BatchNormalization) -> None:
    """Give both what the file has folded into the ``weighted`` layer before ``norm``."""
    if isinstance(weighted, layers.Dense):  # the converter makes a convolution of it
        name = f"{weighted.name}_convolution"
        weighted.set_weights([weights.kernel(name).reshape(weighted.kernel.shape[::-1]).T])
        norm.set_weights(_plain(norm, weights.bias(name)))
    elif isinstance(weighted, layers.DepthwiseConv2D):
        kernel = np.moveaxis(weights.kernel(weighted.name), 0, -1)
        lengths = _lengths(kernel, axes=(0, 1, 3))
        weighted.set_weights([kernel / lengths[:, None]])
        norm.set_weights([lengths, *_plain(norm, weights.bias(weighted.name))])
    elif isinstance(weighted, layers.Conv2D):
        unfold(weights.kernel(weighted.name), weights.bias(weighted.name), weighted, norm)
    else:
        scale, shift = weights.normalization(norm.name)
        norm.set_weights([scale, *_plain(norm, shift)])


def bundle_recipe(folder: Path, option: str) -> Recipe | IdentityRecipe:
    """By what the network of the bundle in ``folder``, which the command line's ``option`` names, was trained.

    Raises:
        RecipeError: it is neither a classifier nor an embedder, or wasn't made by a recipe.
        BundleError: it is damaged.
    """
    return _recipe_of(load_bundle(folder), option)


def require_same_pixels(folder: Path, option: str, received: InputTable, wanted: InputTable) -> None:
    """Check that a network in ``folder``, trained on ``received`` pixels, knows them as the ``wanted`` real values.

    Raises:
        RecipeError: it knows other ones.
    """
    for key in ("colour", "mean", "scale"):
        if getattr(received, key) != getattr(wanted, key):
            raise RecipeError(
                f"{option} {folder}: its network was trained with input.{key} = {getattr(received, key)!r}, the recipe "
                f"says {getattr(wanted, key)!r}: it would see other pictures than those it knows; set the recipe's "
                f"input.{key} to the former"
            )


def _recipe_of(bundle: Bundle, option: str) -> Recipe | IdentityRecipe:
    manifest = bundle.manifest
    if not manifest.task.is_classifier and manifest.task is not Task.IDENTITY:
        raise RecipeError(
            f"{option} {bundle.path}: this is a bundle for {manifest.task.value!r}; of bundles only those of one "
            "network (emotion, eyes, gesture, identity) can be taken here; give one of those, or the folder of a "
            "finished training"
        )
    kind = IdentityRecipe if manifest.task is Task.IDENTITY else Recipe
    try:
        return kind.model_validate(manifest.training.recipe)
    except ValidationError as error:
        raise RecipeError(
            f"{option} {bundle.path}: this bundle was made by no recipe of this program, so that its network isn't "
            "known; give the folder of a finished training"
        ) from error


class FileWeights:
    """The constants of a TFLite file that the converter wrote, as real numbers, by the name of their Keras layer."""

    def __init__(self, model: bytes) -> None:
        self._interpreter = build_interpreter(model, threads=1)
        self._interpreter.allocate_tensors()
        self._details = self._interpreter.get_tensor_details()

    def kernel(self, layer: str) -> NDArray[np.float32]:
        """``(n, height, width, channels)`` of a convolution, ``(n, channels)`` of a dense layer.

        Of a depthwise one ``(1, height, width, channels)``.
        """
        return self._real(layer, re.compile(rf"([^;]*/)?{layer}(_\d+)?/(convolution|depthwise|MatMul)"), np.int8)

    def bias(self, layer: str) -> NDArray[np.float32]:
        """``(n,)``."""
        return self._real(layer, re.compile(rf"(.*[/;])?{layer}(_\d+)?/(Bias)?Add.*"), np.int32)

    def normalization(self, layer: str) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """Scale and shift ``(n,)`` of one that stands by itself: no weighted layer is before it."""
        scale, shift = (re.compile(rf"(.*/)?{layer}(_\d+)?/batchnorm/{part}") for part in ("mul", "sub"))
        return self._real(layer, scale, np.int8), self._real(layer, shift, np.int8)

    def _real(self, layer: str, name: re.Pattern[str], dtype: type[np.generic]) -> NDArray[np.float32]:
        found = [tensor for tensor in self._details if tensor["dtype"] is dtype and name.fullmatch(tensor["name"])]
        if len(found) != 1:
            raise RecipeError(
                f"the bundle's network names {len(found)} tensors of {np.dtype(dtype)} after the layer {layer!r}, "
                "there should be one: it was converted in another way; give the folder of a finished training"
            )
        quantization = found[0]["quantization_parameters"]
        raw = self._interpreter.get_tensor(found[0]["index"])
        along = [1] * raw.ndim
        along[quantization["quantized_dimension"]] = -1
        wide = raw.astype(np.float32) - quantization["zero_points"].reshape(along).astype(np.float32)
        return wide * quantization["scales"].reshape(along)


def layer_before(network: keras.Model, norm: layers.BatchNormalization) -> layers.Layer:
    """The layer of ``network`` whose output is normalized."""
    return network.get_layer(norm.input._keras_history.operation.name)


def unfold(
    kernel: NDArray[np.float32], bias: NDArray[np.float32], convolution: layers.Conv2D, norm: layers.BatchNormalization
) -> None:
    """Give both what a file has folded into ``kernel`` ``(n, height, width, channels)`` and ``bias`` ``(n,)``.

    Filters get the length 1, as scales belong to the normalization, which gives the file's lengths and biases back.
    """
    lengths = _lengths(kernel, axes=(1, 2, 3))
    convolution.set_weights([np.moveaxis(kernel / lengths[:, None, None, None], 0, -1)])
    norm.set_weights([lengths, *_plain(norm, bias)])


def _lengths(kernel: NDArray[np.float32], axes: tuple[int, ...]) -> NDArray[np.float32]:
    """Of each filter ``(n,)``; 1 of one that is zero."""
    lengths = np.sqrt((kernel**2).sum(axis=axes))
    return np.where(lengths > 0, lengths, 1)


def _plain(norm: layers.BatchNormalization, shift: NDArray[np.float32]) -> list[NDArray[np.float32]]:
    """Shift, mean and variance of a normalization that adds the ``shift`` ``(n,)`` and does nothing else."""
    zero = np.zeros_like(shift)
    return [shift, zero, zero + np.float32(1 - norm.epsilon)]
