"""The network of a finished training, where another training takes it up: as its teacher, or as its beginning."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import keras

from convert.training.checkpoint import Arrays, values_of
from convert.training.recipe import RecipeError

NETWORK_FILE = "network.keras"


def load_finished(folder: Path, option: str, name: str = NETWORK_FILE) -> keras.Model:
    """The network ``name`` of the training in ``folder``, which the command line's ``option`` names.

    Raises:
        RecipeError: there is none.
    """
    file = folder / name
    try:
        return keras.models.load_model(file, compile=False)
    except (OSError, ValueError) as error:
        raise RecipeError(f"{option} {folder}: no network of a finished training in {file} ({error})") from error


def initial_weights(folder: Path, name: str = NETWORK_FILE) -> Arrays:
    """Those of the network ``name`` of the finished training in ``folder``, for ``--initial``.

    Raises:
        RecipeError: there is none.
    """
    return values_of(load_finished(folder, "--initial", name).weights)


def digest(weights: Arrays) -> str:
    """SHA-256 of the ``weights``."""
    return hashlib.sha256(b"".join(array.tobytes() for array in weights)).hexdigest()


class InitialWeights(keras.callbacks.Callback):
    """Begins with ``weights`` in ``part`` of the network: not earlier, as Keras itself first tries it on a batch."""

    def __init__(self, part: keras.Model, weights: Arrays) -> None:
        """Check that the ``weights`` are of such a network.

        Raises:
            RecipeError: they are of another one.
        """
        super().__init__()
        expected, received = [tuple(weight.shape) for weight in part.weights], [array.shape for array in weights]
        if expected != received:
            raise RecipeError(
                f"--initial: must be a training of the recipe's own network and labels, {len(expected)} arrays of "
                f"weights; received {len(received)}, or others of their shapes"
            )
        self._part, self._weights = part, weights

    def on_train_begin(self, logs: Any = None) -> None:
        self._part.set_weights(self._weights)
