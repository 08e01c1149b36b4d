"""How a training is seen from outside: a progress bar, a line an epoch, TensorBoard."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import keras
from tqdm import tqdm
from tqdm.contrib.logging import logging_redirect_tqdm

log = logging.getLogger(__name__)

TENSORBOARD_FOLDER = "tensorboard"


class ProgressBar(keras.callbacks.Callback):
    """One bar over the whole training on a terminal, and a log line an epoch everywhere."""

    def __init__(self, epochs: int, steps: int, epochs_done: int) -> None:
        super().__init__()
        self._epochs, self._done = epochs, epochs_done
        self._bar = tqdm(total=epochs * steps, initial=epochs_done * steps, unit="batch", disable=None)

    def on_train_begin(self, logs: Any = None) -> None:
        self._started = time.monotonic()

    def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
        self._bar.set_description(f"epoch {epoch + 1}/{self._epochs}")

    def on_train_batch_end(self, batch: int, logs: dict[str, float] | None = None) -> None:
        self._bar.set_postfix({name: f"{value:.3f}" for name, value in (logs or {}).items()}, refresh=False)
        self._bar.update()

    def on_epoch_end(self, epoch: int, logs: dict[str, float]) -> None:
        per_epoch = (time.monotonic() - self._started) / (epoch + 1 - self._done)
        log.info(
            "epoch %d/%d: loss %.4f, accuracy %.4f; judged: loss %.4f, accuracy %.4f; %.1f s, "
            "of which %.1f %% waiting for data; %s left",
            epoch + 1,
            self._epochs,
            *(logs[name] for name in ("loss", "accuracy", "val_loss", "val_accuracy", "seconds")),
            100 * logs["waiting"],
            tqdm.format_interval(per_epoch * (self._epochs - epoch - 1)),
        )

    def on_train_end(self, logs: Any = None) -> None:
        self._bar.close()


class TensorBoard(keras.callbacks.Callback):
    """The epochs' figures as TensorBoard reads them.

    Keras' own callback needs TensorFlow in the process, whatever backend trains; tensorboardX writes the same files
    without it.
    """

    def __init__(self, folder: Path, epochs_done: int) -> None:
        """Write to ``folder``; what it holds of epochs after ``epochs_done`` is of an interrupted run, and hidden."""
        super().__init__()
        from tensorboardX import SummaryWriter

        self._writer = SummaryWriter(str(folder), purge_step=epochs_done + 1 if epochs_done else None)

    def on_epoch_end(self, epoch: int, logs: dict[str, float]) -> None:
        rate = float(keras.ops.convert_to_numpy(self.model.optimizer.learning_rate))
        for name, value in {**logs, "rate": rate}.items():
            self._writer.add_scalar(_tag(name), value, epoch + 1)
        self._writer.flush()

    def on_train_end(self, logs: Any = None) -> None:
        self._writer.close()


@contextmanager
def lines_above_the_bar() -> Iterator[None]:
    """Log lines appear above a progress bar instead of in it."""
    with logging_redirect_tqdm():
        yield


def _tag(name: str) -> str:
    """``val_loss`` → ``loss/judged``: TensorBoard draws what shares a first part side by side."""
    if name.startswith("val_"):
        return f"{name.removeprefix('val_')}/judged"
    return f"{name}/train" if name in ("loss", "accuracy") else name
