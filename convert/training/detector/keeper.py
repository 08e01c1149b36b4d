"""What happens around the epochs of a detector's training: a line, a table's row, a checkpoint."""

from __future__ import annotations

import logging
import math
import time
from dataclasses import replace
from pathlib import Path

import keras
from tqdm import tqdm

from convert.training.callbacks import EPOCHS_FILE, average_weights, write_epochs
from convert.training.checkpoint import (
    CHECKPOINT_FILE,
    Arrays,
    Checkpoint,
    restore,
    values_of,
    variables_of,
    write_checkpoint,
)
from convert.training.detector.batches import Batches
from convert.training.normalizations import first_pixels, refresh_statistics
from convert.training.recipe import RecipeError
from convert.training.seeding import seed_epoch

log = logging.getLogger(__name__)


class Keeper(keras.callbacks.Callback):
    """Starts each epoch by its seed, and writes the checkpoint after it; ``checkpoint`` is the last one."""

    def __init__(
        self, checkpoint: Checkpoint, network: keras.Model, batches: Batches, epochs: int, out: Path, seed: int
    ) -> None:
        """``network`` takes the averages: one of float32 like that in training on ``batches``."""
        super().__init__()
        self.checkpoint, self._network = checkpoint, network
        self._batches, self._epochs, self._out, self._seed = batches, epochs, out, seed
        self._done = checkpoint.progress.epochs
        steps = len(batches)
        self._bar = tqdm(total=epochs * steps, initial=self._done * steps, unit="batch", disable=None)

    def on_train_begin(self, logs: dict[str, float] | None = None) -> None:
        """Go on from the checkpoint: not earlier, as Keras itself first tries the network on a batch."""
        if self._done:
            restore(self._out / CHECKPOINT_FILE, self.checkpoint, self.model)
        self._started = time.monotonic()

    def on_epoch_begin(self, epoch: int, logs: dict[str, float] | None = None) -> None:
        seed_epoch(self._seed, epoch)
        self._batches.start_epoch(epoch)

    def on_train_batch_end(self, batch: int, logs: dict[str, float] | None = None) -> None:
        self._bar.update()

    def on_epoch_end(self, epoch: int, logs: dict[str, float]) -> None:
        if not math.isfinite(logs["loss"]):
            raise RecipeError(
                f"fit.rate: the loss is {logs['loss']} after epoch {epoch + 1}; try a lower rate, or more warmup_steps"
            )
        kept = average_weights(self.model, self.model.network)  # first, as it rounds the weights
        if epoch + 1 == self._epochs:
            kept = self._with_fresh_statistics(kept)
        network, optimiser = variables_of(self.model)
        progress = self.checkpoint.progress
        self.checkpoint = replace(
            self.checkpoint,
            progress=replace(
                progress,
                epochs=epoch + 1,
                history=(*progress.history, {"epoch": epoch + 1, **logs}),
                finished=epoch + 1 == self._epochs,
            ),
            network=values_of(network),
            optimiser=values_of(optimiser),
            kept=kept,
        )
        write_checkpoint(self._out / CHECKPOINT_FILE, self.checkpoint)
        write_epochs(self._out / EPOCHS_FILE, self.checkpoint.progress.history)
        self._report(epoch, logs)

    def on_train_end(self, logs: dict[str, float] | None = None) -> None:
        self._bar.close()

    def _with_fresh_statistics(self, weights: Arrays) -> Arrays:
        """The averaged ``weights``, with the normalizations' statistics of training canvases under them."""
        self._network.set_weights(weights)
        refresh_statistics(self._network, first_pixels(self._batches))
        return values_of(self._network.weights)

    def _report(self, epoch: int, logs: dict[str, float]) -> None:
        per_epoch = (time.monotonic() - self._started) / (epoch + 1 - self._done)
        log.info(
            "epoch %d/%d: loss %.4f (heat %.4f, box %.4f); %s left",
            epoch + 1,
            self._epochs,
            *(logs[name] for name in ("loss", "heat", "box")),
            tqdm.format_interval(per_epoch * (self._epochs - epoch - 1)),
        )
