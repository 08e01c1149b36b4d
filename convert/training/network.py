"""A recipe's network: built, compiled, and as it leaves the training."""

from __future__ import annotations

import math
from typing import Any

import keras
from numpy.typing import NDArray

from convert.networks.resnet import build_resnet
from convert.training.recipe import OptimiserTable, Recipe
from convert.training.schedule import WarmCosine


def build_network(recipe: Recipe, size: int | None) -> keras.Model:
    """The recipe's network for crops of ``size``, or of any size."""
    return build_resnet(
        recipe.network.architecture,
        name=recipe.task,
        size=size,
        channels=recipe.input.channels,
        classes=len(recipe.labels),
        dropout=recipe.network.dropout,
    )


def compile_network(network: keras.Model, recipe: Recipe, steps_per_epoch: int) -> None:
    """Give ``network`` the recipe's optimiser and loss."""
    table = recipe.optimiser
    loss = keras.losses.CategoricalCrossentropy(from_logits=True, label_smoothing=table.label_smoothing)
    # By its name Keras would make it in the first step, which TensorFlow then traces twice.
    accuracy = keras.metrics.CategoricalAccuracy(name="accuracy")
    network.compile(optimizer=make_optimiser(table, steps_per_epoch), loss=loss, metrics=[accuracy])


def make_optimiser(table: OptimiserTable, steps_per_epoch: int) -> keras.optimizers.Optimizer:
    """Stochastic gradient descent by ``table``."""
    warmup = math.ceil(table.warmup_epochs * steps_per_epoch)
    optimiser = keras.optimizers.SGD(
        WarmCosine(table.rate, table.epochs * steps_per_epoch - warmup, warmup),
        momentum=table.momentum,
        nesterov=True,
        weight_decay=table.weight_decay,
        use_ema=True,
        ema_momentum=table.average_momentum,
    )
    optimiser.exclude_from_weight_decay(var_names=["bias", "gamma", "beta"])
    return optimiser


def export_network(recipe: Recipe, weights: list[NDArray[Any]]) -> keras.Model:
    """A float32 network with ``weights``, in the order of ``Model.get_weights``, for the device's crop size."""
    keras.config.set_dtype_policy("float32")
    exported = build_network(recipe, recipe.input.size)
    exported.set_weights(weights)
    return exported
