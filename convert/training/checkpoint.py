"""``checkpoint.npz``: everything that an interrupted training needs to go on as if nothing had happened."""

from __future__ import annotations

import hashlib
import json
import logging
import zipfile
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray

from convert.data.classes import LabelledImages
from convert.training.early_stop import Patience
from convert.training.errors import ResumeError
from convert.training.files import replacing
from convert.training.recipe import BaseRecipe, RecipeError

log = logging.getLogger(__name__)

CHECKPOINT_FILE = "checkpoint.npz"

Arrays = list[NDArray[Any]]


@dataclass(frozen=True)
class Progress:
    """How far a training is: ``epochs`` are done, ``history`` holds their figures."""

    epochs: int = 0
    patience: Patience = field(default_factory=Patience)
    history: tuple[dict[str, float], ...] = ()
    finished: bool = False


@dataclass(frozen=True)
class Checkpoint:
    """``identity`` says which training this is of.

    ``network`` are the variables in training (weights, statistics, random states), ``optimiser`` its momenta,
    averages and step, ``kept`` the weights of the network that would be the result now.
    """

    identity: dict[str, Any]
    progress: Progress = Progress()
    network: Arrays = field(default_factory=list)
    optimiser: Arrays = field(default_factory=list)
    kept: Arrays = field(default_factory=list)


def identity(
    recipe: BaseRecipe,
    seed: int,
    train: LabelledImages,
    soft_targets: NDArray[np.float32] | None = None,
    initial: str | None = None,
    teachers: Sequence[str] = (),
) -> dict[str, Any]:
    """What must be the same for a training to go on: recipe, seed, data with its targets, and Keras' backend.

    ``initial``: the digest of the weights that it begins with, if these aren't random; ``teachers``: those of the
    weights of networks that teach beside the data.
    """
    names = "\n".join([*train.groups.tolist(), *train.sources.tolist()]).encode()
    taught = b"" if soft_targets is None else soft_targets.tobytes()
    return {
        "recipe": recipe.model_dump(mode="json"),
        "seed": seed,
        "data": hashlib.sha256(train.targets.tobytes() + names + taught).hexdigest(),
        "backend": keras.backend.backend(),
        "initial": initial,
        **({"teachers": list(teachers)} if teachers else {}),
    }


def write_checkpoint(file: Path, checkpoint: Checkpoint) -> None:
    """Replace ``file``, whole or not at all.

    Raises:
        WriteError: the disk is full, or the folder can't be written to.
    """
    about = {"identity": checkpoint.identity, "progress": asdict(checkpoint.progress)}
    arrays = {
        f"{part}_{number:04}": array
        for part in ("network", "optimiser", "kept")
        for number, array in enumerate(getattr(checkpoint, part))
    }
    with replacing(file) as partial, partial.open("wb") as stream:
        np.savez(stream, about=np.array(json.dumps(about)), **arrays)


def read_checkpoint(file: Path) -> Checkpoint:
    """The checkpoint in ``file``.

    Raises:
        ResumeError: it can't be read, or is something else.
    """
    try:
        with np.load(file, allow_pickle=False) as archive:
            about = json.loads(str(archive["about"]))
            parts = {
                part: [archive[name] for name in sorted(archive.files) if name.startswith(f"{part}_")]
                for part in ("network", "optimiser", "kept")
            }
        progress = about["progress"]
        return Checkpoint(
            about["identity"],
            Progress(
                progress["epochs"], Patience(**progress["patience"]), tuple(progress["history"]), progress["finished"]
            ),
            **parts,
        )
    except (OSError, ValueError, KeyError, TypeError, EOFError, zipfile.BadZipFile) as error:
        raise ResumeError(
            f"{file}: not a checkpoint that can be read ({error}); remove it, or begin anew with --restart"
        ) from error


def first_checkpoint(new: Checkpoint, out: Path, epochs: int, *, resume: bool, restart: bool) -> Checkpoint:
    """The interrupted training in ``out`` that goes on, if it is the ``new`` one's; or the beginning of the new one.

    Raises:
        RecipeError: ``out`` holds another training, or an interrupted one that is neither to go on nor given up.
        ResumeError: the checkpoint is damaged.
    """
    file = out / CHECKPOINT_FILE
    if restart or not file.exists():
        if resume:
            log.warning("%s: no checkpoint in here, training from the beginning", out)
        return new
    found = read_checkpoint(file)
    done = found.progress.epochs
    if resume:
        check_identity(file, found.identity, new.identity)
        log.info("%s: going on after epoch %d of %d", out, done, epochs)
        return found
    if not found.progress.finished:
        raise RecipeError(
            f"{out}: holds a training that was interrupted after epoch {done}; go on with --resume, give another "
            "--out, or begin anew with --restart, which gives it up"
        )
    return new


def check_identity(file: Path, found: dict[str, Any], wanted: dict[str, Any]) -> None:
    """Refuse to go on with the checkpoint of another training.

    Raises:
        RecipeError: naming what differs.
    """
    differences = [
        f"{key} was {before!r}, is now {now!r}"
        for key, (before, now) in _flat_pairs(found, wanted).items()
        if before != now
    ]
    if differences:
        raise RecipeError(
            f"{file}: is of another training: {'; '.join(differences)}. Go on with what it was begun with, "
            "give another --out, or begin anew with --restart"
        )


def variables_of(network: keras.Model) -> tuple[Sequence[Any], Sequence[Any]]:
    """The variables of the compiled ``network`` and of its optimiser, in a checkpoint's order."""
    return [*network.trainable_variables, *network.non_trainable_variables], network.optimizer.variables


def values_of(variables: Sequence[Any]) -> Arrays:
    """Copies of the variables' values."""
    return [np.array(keras.ops.convert_to_numpy(variable)) for variable in variables]


def restore(file: Path, checkpoint: Checkpoint, network: keras.Model) -> None:
    """Give the compiled ``network`` and its optimiser the checkpoint's values.

    Raises:
        ResumeError: they have other shapes.
    """
    network.optimizer.build(network.trainable_variables)
    for variables, arrays in zip(variables_of(network), (checkpoint.network, checkpoint.optimiser), strict=True):
        expected, received = [tuple(v.shape) for v in variables], [a.shape for a in arrays]
        if expected != received:
            raise ResumeError(
                f"{file}: holds the weights of another network ({len(received)} arrays, this one has {len(expected)}, "
                "or their shapes differ); go on with the version of vigil that began it, or begin anew with --restart"
            )
        for variable, array in zip(variables, arrays, strict=True):
            variable.assign(array)


def _flat_pairs(first: Any, second: Any, key: str = "") -> dict[str, tuple[Any, Any]]:
    """``{"optimiser.rate": (0.1, 0.05), …}``: the leaves of two nested tables, side by side."""
    if not (isinstance(first, dict) and isinstance(second, dict)):
        return {key: (first, second)}
    pairs: dict[str, tuple[Any, Any]] = {}
    for name in [*first, *(name for name in second if name not in first)]:
        pairs |= _flat_pairs(first.get(name), second.get(name), f"{key}.{name}" if key else name)
    return pairs
