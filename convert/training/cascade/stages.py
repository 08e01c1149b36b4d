"""Trains the three networks one after the other: each learns from what the ones before it let through."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable
from pathlib import Path
from typing import Any

import keras
import numpy as np

from convert.networks.cascade import NETWORKS, onet, onet_widths
from convert.training.cascade.detect import CascadeDetector
from convert.training.cascade.from_bundle import initial_networks
from convert.training.cascade.gather import gather
from convert.training.cascade.kernels import use_cascade_kernels
from convert.training.cascade.recipe import CascadeRecipe, SourceTable, StageTable, read_cascade_recipe
from convert.training.cascade.stage import fitted, keep_for_calibration, keep_to_one_training
from convert.training.checkpoint import values_of
from convert.training.files import make_folder, replacing
from convert.training.finished import digest
from convert.training.recipe import RecipeError
from convert.training.scenes.judge import judge
from convert.training.scenes.sources import Source, load_sources
from convert.training.seeding import make_repeatable, seed_epoch

log = logging.getLogger(__name__)

METRICS_FILE = "training.json"


def train(recipe_path: Path, data: Path, out: Path, seed: int = 0, initial: Path | None = None) -> Path:
    """Train the cascade of a recipe on the folder ``data`` and write everything to the folder ``out``.

    It begins with the networks of ``initial``, a bundle or a finished training, or with random ones.  ``out`` gets
    ``pnet.keras``, ``rnet.keras`` and ``onet.keras`` (float32), ``calibration.npz`` (training windows, uint8 RGB, by
    network) and ``training.json``.  Returns ``out``.

    A training that was killed goes on with the stage that it was at, to the same result: a stage whose file is there
    is not trained again, and none depends on what ran in this process before it.

    Raises:
        RecipeError: the recipe breaks a rule, ``initial`` holds no cascade, or ``out`` holds stages of another
            recipe, seed, backend or beginning.
        WriteError: ``out`` can't be written to; what is there stays.
    """
    recipe = read_cascade_recipe(recipe_path)
    networks = initial_networks(initial) if initial else {}
    _require_something_to_leave(recipe, recipe_path, initial)
    make_folder(out)
    identity = _identity(recipe, seed, networks)
    keep_to_one_training(identity, out)
    use_cascade_kernels()
    make_repeatable(seed)
    sources = load_sources(recipe, data, out, np.random.default_rng(seed))
    for index, name in enumerate(NETWORKS):
        if not (out / f"{name}.keras").exists():
            _train_stage(name, index, recipe, sources, out, seed, networks.get(name))
    _write_metrics(recipe, sources, out, identity)
    return out


def _require_something_to_leave(recipe: CascadeRecipe, recipe_path: Path, initial: Path | None) -> None:
    untrained = [name for name in NETWORKS if not getattr(recipe.stages, name).steps]
    if untrained and initial is None:
        raise RecipeError(
            f"{recipe_path}: stages.{untrained[0]}.steps: 0 leaves the network as it was: give --initial, a bundle or "
            "a finished training, or say how many steps"
        )


def _identity(recipe: CascadeRecipe, seed: int, networks: dict[str, keras.Model]) -> dict[str, Any]:
    """What must be the same for a training to go on."""
    weights = [weight for network in networks.values() for weight in values_of(network.weights)]
    return {
        "recipe": recipe.model_dump(mode="json"),
        "seed": seed,
        "backend": keras.backend.backend(),
        "initial": digest(weights) if weights else None,
    }


def _train_stage(
    name: str,
    index: int,
    recipe: CascadeRecipe,
    sources: list[Source[SourceTable]],
    out: Path,
    seed: int,
    initial: keras.Model | None,
) -> None:
    stage: StageTable = getattr(recipe.stages, name)
    seed_epoch(seed, index)
    rng = np.random.default_rng((seed, index))
    detector = _detector_before(name, recipe, out) if index else None

    def search_of(source: SourceTable) -> CascadeDetector | None:
        return detector.with_thresholds(source.mining_thresholds.given()) if detector else None

    samples = gather(name, stage.draw, sources, search_of, rng)
    keep_for_calibration(name, samples, out, rng)
    finished = fitted(_builder(name, initial), stage, samples, seed, initial)
    with replacing(out / f"{name}.keras") as partial:
        finished.save(partial)


def _builder(name: str, initial: keras.Model | None) -> Callable[[], keras.Model]:
    """Of a network like ``initial``, or of the paper's."""
    if name != "onet" or initial is None:
        return NETWORKS[name]
    return lambda: onet(onet_widths(initial))


def _detector_before(name: str, recipe: CascadeRecipe, out: Path) -> CascadeDetector:
    names = list(NETWORKS)[: list(NETWORKS).index(name)]
    thresholds = {before: getattr(recipe.stages, before).mining_threshold for before in names}
    return CascadeDetector(load_networks(out, names), thresholds, recipe.smallest_px, recipe.pyramid.spacing)


def load_networks(folder: Path, names: list[str]) -> dict[str, keras.Model]:
    """Load networks by name from a training's output folder."""
    return {name: keras.models.load_model(folder / f"{name}.keras") for name in names}


def finished_detector(recipe: CascadeRecipe, out: Path, smallest: float) -> CascadeDetector:
    """Give the whole cascade with the recipe's own thresholds."""
    networks = load_networks(out, list(NETWORKS))
    return CascadeDetector(networks, recipe.thresholds.model_dump(), smallest, recipe.pyramid.spacing)


def _write_metrics(
    recipe: CascadeRecipe, sources: list[Source[SourceTable]], out: Path, identity: dict[str, Any]
) -> None:
    detector = finished_detector(recipe, out, recipe.smallest_px)
    held_back = {}
    for source in sources:
        if source.validation:
            held_back[source.name] = judge(detector, source.validation).as_dict()
            log.info("%s: %s", source.name, held_back[source.name])
    report = {
        "task": recipe.task,
        **identity,
        "thresholds": recipe.bundle_thresholds(),
        "held_back": held_back,
    }
    with replacing(out / METRICS_FILE) as partial:
        partial.write_text(json.dumps(report, indent=2) + "\n", "utf-8")
