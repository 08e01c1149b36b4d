"""Fine-tunes a classifier for int8, on the data, the augmentation and the loss that trained it."""

from __future__ import annotations

import logging
import sys
from collections.abc import Callable

import keras
import numpy as np
from numpy.typing import NDArray

from convert.quantize.aware import aware_network, trained_device_network
from convert.training.batches import Batches
from convert.training.datasets import Prepared
from convert.training.network import compile_network
from convert.training.recipe import Recipe
from convert.training.seeding import make_repeatable

log = logging.getLogger(__name__)

RATE_SHARE = 0.02
"""Of the recipe's peak rate: without its normalizations a network bears less than in training."""


def fine_tune(
    device: keras.Model,
    recipe: Recipe,
    prepared: Prepared,
    calibration: NDArray[np.float32],
    *,
    epochs: int,
    seed: int,
) -> keras.Model:
    """``device``, a classifier as it is converted, with weights that bear the levels of int8.

    The recipe decides batches, augmentation, loss and the shape of the rate's course; ``calibration``
    ``(n, size, size, channels)`` are normalised inputs by which the activations' ranges begin.
    """
    table = recipe.optimiser.model_copy(
        update={"epochs": epochs, "rate": recipe.optimiser.rate * RATE_SHARE, "weight_decay": 0.0}
    )
    tuned = recipe.model_copy(
        update={"optimiser": table, "input": recipe.input.model_copy(update={"train_size": recipe.input.size})}
    )
    make_repeatable(seed)
    aware = aware_network(device, calibration)
    batches = Batches(prepared.train, tuned, prepared.augment, seed, prepared.weights)
    compile_network(aware, tuned, len(batches))
    log.info("%s: fine-tuning for int8, %d epochs of %d batches", device.name, epochs, len(batches))
    try:
        aware.fit(
            batches,
            epochs=epochs,
            callbacks=[_on_epoch(batches.start_epoch)],
            verbose=1 if sys.stderr.isatty() else 0,
        )
    finally:
        batches.close()
    return trained_device_network(device, aware)


def _on_epoch(start: Callable[[int], None]) -> keras.callbacks.Callback:
    return keras.callbacks.LambdaCallback(on_epoch_begin=lambda epoch, logs: start(epoch))
