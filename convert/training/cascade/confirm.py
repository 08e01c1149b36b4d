"""Trains the O-Net that looks once more at what a single-shot detector finds, on just that."""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import keras
import numpy as np

from convert.networks.cascade import onet
from convert.training.cascade.from_bundle import initial_onet
from convert.training.cascade.gather import gather
from convert.training.cascade.kernels import use_cascade_kernels
from convert.training.cascade.narrow import narrowed_onet
from convert.training.cascade.recipe import ConfirmRecipe, SourceTable, read_confirm_recipe
from convert.training.cascade.stage import fitted, keep_for_calibration, keep_to_one_training
from convert.training.checkpoint import values_of
from convert.training.detector.detect import KerasNetwork, search_with
from convert.training.files import make_folder, replacing
from convert.training.finished import digest, load_finished
from convert.training.from_bundle import is_bundle
from convert.training.recipe import RecipeError
from convert.training.scenes.judge import judge
from convert.training.scenes.sources import Source, load_sources
from convert.training.seeding import make_repeatable, seed_epoch
from edge.inference import Task, load_bundle
from edge.vision.single_shot import SingleShot, Thresholds
from edge.vision.stages import CascadeNetwork, NetworkFactory, Shape

log = logging.getLogger(__name__)

NETWORK = "onet"
FILE = f"{NETWORK}.keras"
METRICS_FILE = "training.json"


def train(recipe_path: Path, data: Path, out: Path, detector: Path, seed: int = 0, initial: Path | None = None) -> Path:
    """Train the O-Net of a recipe on the folder ``data`` for the single-shot ``detector``, a training or a bundle.

    It begins with the O-Net of ``initial``, a bundle or a finished training, or with a random one.  The folder ``out``
    gets ``onet.keras`` (float32), ``calibration.npz`` (training windows, uint8 RGB) and ``training.json``.  A training
    that was killed begins anew.  Returns ``out``.

    Raises:
        RecipeError: the recipe breaks a rule, ``detector`` or ``initial`` isn't what it has to be, or ``out`` holds
            another training.
        WriteError: ``out`` can't be written to; what is there stays.
    """
    recipe = read_confirm_recipe(recipe_path)
    networks, known_by = _detector(detector)
    beginning = narrowed_onet(initial_onet(initial), recipe.onet.widths) if initial else None
    make_folder(out)
    identity = {
        "recipe": recipe.model_dump(mode="json"),
        "seed": seed,
        "backend": keras.backend.backend(),
        "initial": digest(values_of(beginning.weights)) if beginning else None,
        "detector": known_by,
    }
    keep_to_one_training(identity, out)
    use_cascade_kernels()
    make_repeatable(seed)
    sources = load_sources(recipe, data, out, np.random.default_rng(seed))
    if not (out / FILE).exists():
        _train(recipe, sources, networks, out, seed, beginning)
    _write_metrics(recipe, sources, networks, identity, out)
    return out


def _train(
    recipe: ConfirmRecipe,
    sources: list[Source[SourceTable]],
    networks: NetworkFactory,
    out: Path,
    seed: int,
    initial: keras.Model | None,
) -> None:
    seed_epoch(seed, 0)
    rng = np.random.default_rng((seed, 0))
    least = recipe.least_score
    search = search_with(SingleShot(networks, Thresholds(score=least, expected=least), recipe.smallest_px))
    samples = gather(NETWORK, recipe.onet.draw, sources, lambda table: search, rng)
    keep_for_calibration(NETWORK, samples, out, rng)
    finished = fitted(lambda: onet(recipe.onet.widths), recipe.onet, samples, seed, initial)
    with replacing(out / FILE) as partial:
        finished.save(partial)


def _detector(folder: Path) -> tuple[NetworkFactory, str]:
    """The detector's network for each canvas, and by what it is known again."""
    if not is_bundle(folder):
        network = load_finished(folder, "--detector", "detector.keras")
        return (lambda name, shape: KerasNetwork(network)), digest(values_of(network.weights))
    bundle = load_bundle(folder, Task.HANDS)
    if "detector" not in bundle.models:
        raise RecipeError(
            f"--detector {folder}: must be a single-shot detector, this bundle is a cascade: its stages are trained "
            "one after the other, each on what the ones before let through"
        )

    def build(name: str, shape: Shape) -> CascadeNetwork:
        return bundle.network(name, shape=shape)

    return build, bundle.manifest.networks["detector"].sha256


def _write_metrics(
    recipe: ConfirmRecipe,
    sources: list[Source[SourceTable]],
    networks: NetworkFactory,
    identity: Mapping[str, Any],
    out: Path,
) -> None:
    confirming = KerasNetwork(keras.models.load_model(out / FILE))

    def both(name: str, shape: Shape) -> CascadeNetwork:
        return confirming if name == NETWORK else networks(name, shape)

    search = search_with(SingleShot(both, Thresholds(), recipe.smallest_px, confirmed=True))
    held_back = {}
    for source in sources:
        if source.validation:
            held_back[source.name] = judge(search, source.validation, recipe.smallest_px).as_dict()
            log.info("%s: %s", source.name, held_back[source.name])
    report = {"task": recipe.task, **identity, "held_back": held_back}
    with replacing(out / METRICS_FILE) as partial:
        partial.write_text(json.dumps(report, indent=2) + "\n", "utf-8")
