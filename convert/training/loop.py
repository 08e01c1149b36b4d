"""Training a classifier: the same loop for emotion, eyes and gesture, on any Keras backend."""

from __future__ import annotations

import logging
import math
import sys
from pathlib import Path
from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray

from convert.data.classes import LabelledImages
from convert.networks.resnet import build_resnet
from convert.training.augment import Augment
from convert.training.recipe import Recipe
from convert.training.report import write_report
from convert.training.torch_kernels import use_fused_kernels

log = logging.getLogger(__name__)

NETWORK_FILE = "network.keras"


class Batches(keras.utils.PyDataset):
    """Augmented ``((b, size, size, c), (b, classes))`` float32, the same for the same seed and epoch."""

    def __init__(
        self,
        images: LabelledImages,
        recipe: Recipe,
        augment: Augment,
        seed: int,
        weights: NDArray[np.float64] | None = None,
    ) -> None:
        """``weights`` ``(n,)``: a crop's chance to be drawn, with replacement; without them each is drawn once."""
        super().__init__()
        self._images, self._recipe, self._augment, self._seed = images, recipe, augment, seed
        self._chances = None if weights is None else weights / weights.sum()
        self._samples = recipe.optimiser.samples_per_epoch or len(images)
        self.start_epoch(0)

    def __len__(self) -> int:
        return self._samples // self._recipe.optimiser.batch

    def start_epoch(self, epoch: int) -> None:
        """Draw the order of ``epoch``'s crops."""
        self._rng = np.random.default_rng((self._seed, epoch))
        self._order = self._rng.choice(
            len(self._images), self._samples, replace=self._chances is not None, p=self._chances
        )

    def __getitem__(self, index: int) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        batch, size = self._recipe.optimiser.batch, self._recipe.input.train_size
        chosen = self._order[index * batch : (index + 1) * batch]
        pixels = np.stack([self._augment(self._images.images[i], size, self._rng) for i in chosen])
        return normalise(pixels, self._recipe), one_hot(self._images.targets[chosen], len(self._recipe.labels))


def train_classifier(
    recipe: Recipe,
    train: LabelledImages,
    validation: LabelledImages,
    augment: Augment,
    out: Path,
    *,
    seed: int,
    resume: bool = False,
    weights: NDArray[np.float64] | None = None,
) -> keras.Model:
    """Train by ``recipe`` and write ``network.keras`` and ``training.json`` to the folder ``out``.

    ``validation`` holds crops of the device's size and channels; it decides nothing, it is only reported.  The
    network is the moving average of the weights.  With ``resume`` an interrupted run goes on after its last epoch.
    """
    out.mkdir(parents=True, exist_ok=True)
    keras.utils.set_random_seed(seed)
    use_fused_kernels()
    keras.config.set_dtype_policy(recipe.optimiser.precision)
    batches = Batches(train, recipe, augment, seed, weights)
    network = build_network(recipe, recipe.input.train_size if keras.backend.backend() == "jax" else None)
    _compile(network, recipe, len(batches))
    log.info("train %s, validation %s, %d weights", train.counts(), validation.counts(), network.count_params())
    network.fit(
        batches,
        epochs=recipe.optimiser.epochs,
        validation_data=(
            normalise(validation.images, recipe),
            one_hot(validation.targets, len(recipe.labels)),
        ),
        validation_batch_size=256,
        callbacks=_callbacks(batches, out, resume),
        verbose=1 if sys.stdout.isatty() else 2,
    )
    trained = export_network(network, recipe)
    trained.save(out / NETWORK_FILE)
    logits = trained.predict(normalise(validation.images, recipe), batch_size=256, verbose=0)
    write_report(out, recipe, train, validation, logits.argmax(axis=1), seed)
    return trained


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


def export_network(network: keras.Model, recipe: Recipe) -> keras.Model:
    """A float32 copy of ``network`` for the device's crop size."""
    keras.config.set_dtype_policy("float32")
    exported = build_network(recipe, recipe.input.size)
    exported.set_weights(network.get_weights())
    return exported


def normalise(pixels: NDArray[np.uint8], recipe: Recipe) -> NDArray[np.float32]:
    """Pixels as the real values that the network takes."""
    return (pixels.astype(np.float32) - np.float32(recipe.input.mean)) * np.float32(recipe.input.scale)


def one_hot(targets: NDArray[np.int64], classes: int) -> NDArray[np.float32]:
    """``(n,)`` indices → ``(n, classes)``."""
    return np.eye(classes, dtype=np.float32)[targets]


def _compile(network: keras.Model, recipe: Recipe, steps_per_epoch: int) -> None:
    table = recipe.optimiser
    warmup = math.ceil(table.warmup_epochs * steps_per_epoch)
    rate = keras.optimizers.schedules.CosineDecay(
        initial_learning_rate=0.0 if warmup else table.rate,
        decay_steps=max(table.epochs * steps_per_epoch - warmup, 1),
        warmup_target=table.rate if warmup else None,
        warmup_steps=warmup,
    )
    optimiser = keras.optimizers.SGD(
        rate,
        momentum=table.momentum,
        nesterov=True,
        weight_decay=table.weight_decay,
        use_ema=True,
        ema_momentum=table.average_momentum,
    )
    optimiser.exclude_from_weight_decay(var_names=["bias", "gamma", "beta"])
    loss = keras.losses.CategoricalCrossentropy(from_logits=True, label_smoothing=table.label_smoothing)
    network.compile(optimizer=optimiser, loss=loss, metrics=["accuracy"])


def _callbacks(batches: Batches, out: Path, resume: bool) -> list[Any]:
    backup = out / "backup"
    if not resume:
        for file in backup.glob("*"):
            file.unlink()
    return [
        keras.callbacks.BackupAndRestore(backup),
        keras.callbacks.LambdaCallback(on_epoch_begin=lambda epoch, logs: batches.start_epoch(epoch)),
        keras.callbacks.SwapEMAWeights(),
        keras.callbacks.CSVLogger(out / "epochs.csv", append=resume),
    ]
