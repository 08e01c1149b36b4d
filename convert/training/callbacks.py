"""What happens around the epochs of a training: measuring, judging, keeping."""

from __future__ import annotations

import csv
import math
import time
from abc import ABC, abstractmethod
from dataclasses import replace
from pathlib import Path
from typing import Any, Protocol

import keras
import numpy as np
from numpy.typing import NDArray

from convert.data.classes import LabelledImages
from convert.training.batches import Batches, PlainBatches
from convert.training.checkpoint import (
    CHECKPOINT_FILE,
    Arrays,
    Checkpoint,
    restore,
    values_of,
    variables_of,
    write_checkpoint,
)
from convert.training.early_stop import Patience
from convert.training.files import replacing
from convert.training.normalizations import first_pixels, refresh_statistics
from convert.training.recipe import BaseRecipe, RecipeError
from convert.training.seeding import seed_epoch

EPOCHS_FILE = "epochs.csv"


class EpochStart(keras.callbacks.Callback):
    """Starts the epochs, and measures ``seconds`` of training and the share ``waiting`` for data."""

    def __init__(self, batches: Batches, seed: int) -> None:
        super().__init__()
        self._batches, self._seed = batches, seed

    def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
        seed_epoch(self._seed, epoch)
        self._batches.start_epoch(epoch)
        self._started = self._ended = time.perf_counter()

    def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
        self._ended = time.perf_counter()

    def on_epoch_end(self, epoch: int, logs: dict[str, float]) -> None:
        seconds = self._ended - self._started
        logs["seconds"] = seconds
        logs["waiting"] = min(self._batches.waited_seconds / seconds, 1.0)


class Judge(keras.callbacks.Callback, ABC):
    """Judges the moving average of the weights after each epoch: ``val_loss`` and ``val_accuracy``.

    The normalizations get the statistics of training batches under these weights.
    """

    @property
    @abstractmethod
    def weights(self) -> Arrays:
        """Those that were judged last, of the network that would be the result; as of ``Model.get_weights``."""


class Parts(Protocol):
    """Which part of a network in training is judged and kept, and what of a training canvas it sees."""

    def kept_part(self, network: keras.Model) -> keras.Model:
        """The part of the compiled ``network``."""

    def seen(self, canvases: NDArray[np.float32]) -> NDArray[np.float32]:
        """Of canvases ``(n, side, side, c)``."""


class ClassJudge(Judge):
    """By the classes of ``images``."""

    def __init__(
        self, images: LabelledImages, recipe: BaseRecipe, network: keras.Model, batches: Batches, parts: Parts
    ) -> None:
        """``network`` takes the averages: one of float32 like the part that is kept of what trains on ``batches``."""
        super().__init__()
        self._images, self._judged_on = images, PlainBatches(images, recipe)
        self._network, self._batches, self._parts = network, batches, parts

    @property
    def weights(self) -> Arrays:
        return values_of(self._network.weights)

    def on_epoch_end(self, epoch: int, logs: dict[str, float]) -> None:
        self._network.set_weights(average_weights(self.model, self._parts.kept_part(self.model)))
        refresh_statistics(self._network, map(self._parts.seen, first_pixels(self._batches)))
        logits = self._network.predict(self._judged_on, verbose=0)[: len(self._images)]
        logs["val_loss"] = cross_entropy(logits, self._images.targets)
        logs["val_accuracy"] = float((logits.argmax(axis=1) == self._images.targets).mean())


def average_weights(network: keras.Model, part: keras.Model) -> Arrays:
    """The moving averages of the weights of a ``part`` of the compiled ``network``; others as they are.

    They are in the order of ``Model.get_weights``.  To take them and put the weights back rounds these.
    """
    swap = keras.callbacks.SwapEMAWeights()
    swap.set_model(network)
    swap.on_predict_begin()
    averages = values_of(part.weights)
    swap.on_predict_end()
    return averages


class Keeper(keras.callbacks.Callback):
    """Writes the checkpoint after each epoch, keeps the best weights, and stops when nothing better comes."""

    def __init__(self, checkpoint: Checkpoint, judge: Judge, recipe: BaseRecipe, out: Path) -> None:
        super().__init__()
        self.checkpoint = checkpoint
        self._judge, self._recipe, self._out = judge, recipe, out

    def on_train_begin(self, logs: Any = None) -> None:
        """Go on from the checkpoint: not earlier, as Keras itself first tries the network on a batch."""
        if self.checkpoint.progress.epochs:
            restore(self._out / CHECKPOINT_FILE, self.checkpoint, self.model)

    def on_epoch_end(self, epoch: int, logs: dict[str, float]) -> None:
        if not math.isfinite(logs["loss"]):
            raise RecipeError(
                f"optimiser.rate: the loss is {logs['loss']} after epoch {epoch + 1}; try a lower rate, or a longer "
                "optimiser.warmup_epochs"
            )
        patience, over = self._patience(epoch + 1, logs["val_loss"])
        network, optimiser = variables_of(self.model)
        self.checkpoint = replace(
            self.checkpoint,
            progress=replace(
                self.checkpoint.progress,
                epochs=epoch + 1,
                patience=patience,
                history=(*self.checkpoint.progress.history, {"epoch": epoch + 1, **logs}),
                finished=over or epoch + 1 == self._recipe.optimiser.epochs,
            ),
            network=values_of(network),
            optimiser=values_of(optimiser),
            kept=self.checkpoint.kept if patience.epochs_since else self._judge.weights,
        )
        write_checkpoint(self._out / CHECKPOINT_FILE, self.checkpoint)
        write_epochs(self._out / EPOCHS_FILE, self.checkpoint.progress.history)
        self.model.stop_training = over

    def _patience(self, epoch: int, loss: float) -> tuple[Patience, bool]:
        before, table = self.checkpoint.progress.patience, self._recipe.early_stop
        if table is None:
            return before, False
        after = before.after(epoch, loss, table)
        return after, after.is_over(table)


def cross_entropy(logits: NDArray[np.float32], targets: NDArray[np.int64]) -> float:
    """Mean of the true classes' negative log probabilities; ``logits`` ``(n, classes)``, ``targets`` ``(n,)``."""
    shifted = logits.astype(np.float64) - logits.max(axis=1, keepdims=True)
    log_sums = np.log(np.exp(shifted).sum(axis=1))
    return float((log_sums - shifted[np.arange(len(targets)), targets]).mean())


def write_epochs(file: Path, history: tuple[dict[str, float], ...]) -> None:
    """The epochs' figures as a table, replaced whole: an interrupted epoch leaves no line in it."""
    with replacing(file) as partial, partial.open("w", newline="", encoding="utf-8") as stream:
        writer = csv.DictWriter(stream, history[0].keys())
        writer.writeheader()
        writer.writerows(history)
