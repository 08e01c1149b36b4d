"""One network's training: its steps, the windows kept for int8, and the folder that is for one training only."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import keras
import numpy as np

from convert.training.cascade.fit import fit_network
from convert.training.cascade.int8 import fit_for_int8
from convert.training.cascade.recipe import FitTable
from convert.training.cascade.samples import NEGATIVE, Samples
from convert.training.files import replacing
from convert.training.recipe import RecipeError

log = logging.getLogger(__name__)

CALIBRATION_FILE = "calibration.npz"
IDENTITY_FILE = "begun.json"

CALIBRATION_WINDOWS = 512


def keep_to_one_training(identity: Mapping[str, Any], out: Path) -> None:
    """Note what ``out`` is for, or compare with what it was begun for."""
    file = out / IDENTITY_FILE
    if not file.exists():
        with replacing(file) as partial:
            partial.write_text(json.dumps(identity, indent=2) + "\n", "utf-8")
        return
    begun = json.loads(file.read_text("utf-8"))
    differing = [key for key in identity if identity[key] != begun.get(key)]
    if differing:
        raise RecipeError(
            f"{out}: holds a training of another {' and '.join(differing)} (see {file.name}); give another --out, "
            "or delete that folder"
        )


def fitted(
    build: Callable[[], keras.Model], stage: FitTable, samples: Samples, seed: int, initial: keras.Model | None
) -> keras.Model:
    """The network that ``build`` gives, trained, in float32; from ``initial``, of the same, or from random weights."""
    finished = build() if initial is None else initial
    if stage.steps:
        keras.config.set_dtype_policy(stage.precision)
        network = build()
        network.set_weights(finished.get_weights())
        last = fit_network(network, samples, stage.fit(), seed)
        keras.config.set_dtype_policy("float32")
        finished.set_weights(network.get_weights())
        log.info("%s: trained on %s windows; last epoch %s", network.name, f"{len(samples):,}", last)
    if stage.int8_steps:
        finished = fit_for_int8(finished, samples, stage.fit(), stage.int8_steps, seed)
    return finished


def keep_for_calibration(name: str, samples: Samples, out: Path, rng: np.random.Generator) -> None:
    """Write the windows on which int8 ranges are measured, half of them on objects."""
    path = out / CALIBRATION_FILE
    kept = dict(np.load(path)) if path.exists() else {}
    negative = samples.kind == NEGATIVE
    halves = [rng.choice(np.flatnonzero(kind), CALIBRATION_WINDOWS // 2) for kind in (negative, ~negative)]
    kept[name] = samples.crops[np.concatenate(halves)]
    with replacing(path) as partial, partial.open("wb") as file:
        np.savez_compressed(file, **kept)
