"""Multi-task training of one network of the cascade on labelled windows (Zhang et al., 2016, section II-B)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import keras
import numpy as np
from keras import ops
from numpy.typing import NDArray

from convert.training.augment import change_pixels
from convert.training.cascade.augment import CutOff, Jitter, cut_off, jitter, relight
from convert.training.cascade.samples import NEGATIVE, PART, POSITIVE, Samples
from convert.training.recipe import PixelsTable
from convert.training.schedule import WarmCosine

HUBER_DELTA = 0.1
"""Errors of an edge above a tenth of the window's side count linearly."""

EPOCHS = 10
"""In so many parts a training is reported."""


@dataclass(frozen=True)
class Fit:
    """How one network is trained: ``weights`` of the tasks, ``keep`` the share of hardest windows judged.

    The result is the moving average of the weights, if ``average`` (its momentum) is given.  A point's errors above
    ``landmarks_delta`` sides of the window count linearly.  ``saturation`` is that of
    :func:`convert.training.cascade.augment.relight`; ``pixels`` change each window before.
    """

    steps: int
    batch: int
    rate: float
    shares: dict[int, float]
    weights: dict[str, float]
    jitter: Jitter | None = None
    cut_off: CutOff | None = None
    average: float | None = None
    epochs: int = EPOCHS
    keep: float = 0.7
    decay: float = 1e-4
    landmarks_delta: float = HUBER_DELTA
    saturation: float = 0.0
    pixels: PixelsTable | None = None


class Batches(keras.utils.PyDataset):
    """Random batches with fixed shares of the kinds of windows, moved, lit and coloured anew each time."""

    def __init__(self, samples: Samples, fit: Fit, seed: int) -> None:
        """Serve epochs of ``fit.steps // fit.epochs`` batches of ``samples``."""
        super().__init__()
        self._samples, self._fit, self._steps = samples, fit, fit.steps // fit.epochs
        self._rng = np.random.default_rng(seed)
        self._decks = [
            _Deck(np.flatnonzero(samples.kind == kind), round(fit.batch * share), self._rng)
            for kind, share in fit.shares.items()
        ]

    def __len__(self) -> int:
        return self._steps

    def __getitem__(self, index: int) -> tuple[NDArray[np.float32], dict[str, NDArray[Any]]]:
        """Give images ``(batch, side, side, 3)`` normalised, and targets by name."""
        chosen = np.concatenate([deck.deal() for deck in self._decks])
        samples = self._samples.take(chosen)
        if self._fit.jitter:
            samples = jitter(samples, self._fit.jitter, self._rng)
        if self._fit.cut_off:
            samples = cut_off(samples, self._fit.cut_off, self._rng)
        crops = samples.crops
        if self._fit.pixels:
            crops = np.stack([change_pixels(crop, self._fit.pixels, self._rng) for crop in crops])
        targets = {
            "kind": samples.kind.astype(np.float32),
            "box": samples.box,
            "landmarks": samples.landmarks,
            "has_landmarks": samples.has_landmarks.astype(np.float32),
        }
        return relight(crops, self._rng, self._fit.saturation), targets


class _Deck:
    """Deals indices without repetition until all are dealt, then shuffles again."""

    def __init__(self, indices: NDArray[np.intp], hand: int, rng: np.random.Generator) -> None:
        self._indices, self._hand, self._rng = indices, min(hand, len(indices)), rng
        self._next = len(indices)

    def deal(self) -> NDArray[np.intp]:
        if self._next + self._hand > len(self._indices):
            self._rng.shuffle(self._indices)
            self._next = 0
        self._next += self._hand
        return self._indices[self._next - self._hand : self._next]


class Trainer(keras.Model):
    """Wraps one network with the multi-task loss."""

    def __init__(self, network: keras.Model, fit: Fit) -> None:
        """Train ``network``, whose outputs are ``face``, ``box`` and ``landmarks``."""
        super().__init__(name=f"{network.name}_trainer")
        self.network, self._fit = network, fit
        self._means = {name: keras.metrics.Mean(name=name) for name in ("face", "box", "points", "recall", "false")}

    def call(self, images: Any, training: bool | None = None) -> dict[str, Any]:
        """Give the network's outputs, ``(n, channels)`` each."""
        outputs = self.network(images, training=training)
        return {name: ops.reshape(value, (ops.shape(value)[0], -1)) for name, value in outputs.items()}

    def compute_loss(
        self, x: Any = None, y: Any = None, y_pred: Any = None, sample_weight: Any = None, training: bool = True
    ) -> Any:
        """Sum the weighted losses of the three tasks."""
        positive = ops.cast(y["kind"] == POSITIVE, "float32")
        negative = ops.cast(y["kind"] == NEGATIVE, "float32")
        part = ops.cast(y["kind"] == PART, "float32")
        margin = y_pred["face"][:, 1] - y_pred["face"][:, 0]
        losses = {
            "face": hardest_mean(ops.softplus(margin * (1 - 2 * positive)), positive + negative, self._fit.keep),
            "box": masked_huber(y["box"], y_pred["box"], positive + part),
            "landmarks": masked_huber(
                y["landmarks"],
                y_pred["landmarks"],
                (positive + part) * y["has_landmarks"],
                self._fit.landmarks_delta,
            ),
        }
        found = ops.cast(margin > 0, "float32")
        self._track(
            losses, ops.sum(found * positive) / ops.sum(positive), ops.sum(found * negative) / ops.sum(negative)
        )
        return sum(self._fit.weights[name] * loss for name, loss in losses.items())

    def _track(self, losses: dict[str, Any], recall: Any, false: Any) -> None:
        values = {
            "face": losses["face"],
            "box": losses["box"],
            "points": losses["landmarks"],
            "recall": recall,
            "false": false,
        }
        for name, value in values.items():
            self._means[name].update_state(value)


def hardest_mean(losses: Any, mask: Any, keep: float) -> Any:
    """Mean of the greatest share ``keep`` of the masked losses ``(n,)``: online hard example mining."""
    masked = losses * mask
    count = ops.cast(ops.sum(mask) * keep, "int32")
    ranked = ops.flip(ops.sort(masked))
    kept = ops.cast(ops.arange(ops.shape(ranked)[0]) < count, "float32")
    return ops.sum(ranked * kept) / ops.maximum(ops.sum(kept), 1.0)


def masked_huber(target: Any, predicted: Any, mask: Any, delta: float = HUBER_DELTA) -> Any:
    """Huber loss summed over the coordinates ``(n, k)``, in units of its linear slope, mean over the masked rows."""
    error = ops.abs(target - predicted)
    small = ops.minimum(error, delta)
    loss = ops.sum(small * (error - small / 2), -1) / delta
    return ops.sum(loss * mask) / ops.maximum(ops.sum(mask), 1.0)


def fit_network(
    network: keras.Model, samples: Samples, fit: Fit, seed: int, verbose: int | str = "auto"
) -> dict[str, float]:
    """Train ``network`` in place with Adam and a cosine rate; return the last epoch's means."""
    trainer = Trainer(network, fit)
    warmup = min(200, fit.steps // 10)
    schedule = WarmCosine(fit.rate, fit.steps - warmup, warmup, start=fit.rate / 10, end=fit.rate / 100)
    averaging = {} if fit.average is None else {"use_ema": True, "ema_momentum": fit.average}
    trainer.compile(keras.optimizers.AdamW(schedule, weight_decay=fit.decay, **averaging))
    trainer.optimizer.build(trainer.trainable_variables)  # TensorFlow traces a step twice that has to make them
    history = trainer.fit(Batches(samples, fit, seed), epochs=fit.epochs, verbose=verbose)
    return {name: float(values[-1]) for name, values in history.history.items()}
