"""Trainings in a process of their own, which may be killed: ``train_worker.py OUT OPTIONS [OUT OPTIONS]…``.

The options are JSON, and the last line printed is the list of the trained networks' weights.
``kill_in_checkpoint`` N: SIGKILL while the Nth checkpoint is written; ``kill_after_epoch`` N: SIGKILL at the first
crop made after epoch N; ``devices`` N: see N virtual devices; ``distribute``: share each batch among them; ``resume``.
"""

from __future__ import annotations

import json
import os
import signal
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

from train_samples import make_prepared, make_recipe

from convert.training import files
from convert.training.datasets import Prepared


def train(out: Path, options: dict[str, Any]) -> list[float]:
    """Train, and return the network's weights."""
    if "kill_in_checkpoint" in options:
        kill_in_checkpoint(options["kill_in_checkpoint"])
    if options.get("devices"):
        make_devices(options["devices"])
    recipe = make_recipe()
    prepared = make_prepared(recipe)
    if "kill_after_epoch" in options:
        prepared = killing(prepared, out / "epochs.csv", options["kill_after_epoch"])
    from convert.training.loop import Start, train_classifier

    start = Start(seed=4, resume=options.get("resume", False), distribute=options.get("distribute", False))
    network = train_classifier(recipe, prepared, out, start)
    return [float(value) for array in network.get_weights() for value in array.ravel()]


def kill_in_checkpoint(number: int) -> None:
    """Kill this process when it has written the ``number``-th checkpoint, but not yet put it in its place."""
    synchronise, checkpoints = files.synchronise, []

    def killing_synchronise(path: Path) -> None:
        if path.name == ".partial-checkpoint.npz":
            checkpoints.append(path)
        if len(checkpoints) == number:
            kill()
        synchronise(path)

    files.synchronise = killing_synchronise


def killing(prepared: Prepared, epochs: Path, after: int) -> Prepared:
    """``prepared``, whose augmentation kills this process once the table ``epochs`` tells of epoch ``after``."""

    def augment(image, size, rng):
        if epochs.exists() and len(epochs.read_text("utf-8").splitlines()) > after:
            kill()
        return prepared.augment(image, size, rng)

    return replace(prepared, augment=augment)


def make_devices(number: int) -> None:
    """Let TensorFlow see ``number`` processors; JAX is told by XLA_FLAGS."""
    if os.environ["KERAS_BACKEND"] == "tensorflow":
        import tensorflow as tf

        configuration = [tf.config.LogicalDeviceConfiguration()] * number
        tf.config.set_logical_device_configuration(tf.config.list_physical_devices("CPU")[0], configuration)


def kill() -> None:
    """End this process as a power cut does: nothing is flushed, no handler runs."""
    os.kill(os.getpid(), signal.SIGKILL)


if __name__ == "__main__":
    trainings = zip(sys.argv[1::2], sys.argv[2::2], strict=True)
    print(json.dumps([train(Path(out), json.loads(options)) for out, options in trainings]))
