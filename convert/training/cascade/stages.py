"""Trains the three networks one after the other: each learns from what the ones before it let through."""

from __future__ import annotations

import json
import logging
from pathlib import Path

import keras
import numpy as np

from convert.networks.cascade import NETWORKS
from convert.training.cascade.detect import CascadeDetector
from convert.training.cascade.fit import fit_network
from convert.training.cascade.gather import gather
from convert.training.cascade.judge import judge
from convert.training.cascade.kernels import use_cascade_kernels
from convert.training.cascade.recipe import CascadeRecipe, StageTable, read_cascade_recipe
from convert.training.cascade.samples import NEGATIVE, Samples
from convert.training.cascade.sources import Source, load_sources

log = logging.getLogger(__name__)

METRICS_FILE = "training.json"
CALIBRATION_FILE = "calibration.npz"

CALIBRATION_WINDOWS = 512


def train(recipe_path: Path, data: Path, out: Path, seed: int = 0) -> Path:
    """Train the cascade of a recipe on the folder ``data`` and write everything to the folder ``out``.

    ``out`` gets ``pnet.keras``, ``rnet.keras`` and ``onet.keras`` (float32), ``calibration.npz`` (training windows,
    uint8 RGB, by network) and ``training.json``.  Stages whose file is there already are not trained again.
    Returns ``out``.
    """
    recipe = read_cascade_recipe(recipe_path)
    out.mkdir(parents=True, exist_ok=True)
    use_cascade_kernels()
    keras.utils.set_random_seed(seed)
    sources = load_sources(recipe, data, out, np.random.default_rng(seed))
    for index, name in enumerate(NETWORKS):
        if not (out / f"{name}.keras").exists():
            _train_stage(name, index, recipe, sources, out, seed)
    _write_metrics(recipe, sources, out, seed)
    return out


def _train_stage(name: str, index: int, recipe: CascadeRecipe, sources: list[Source], out: Path, seed: int) -> None:
    stage: StageTable = getattr(recipe.stages, name)
    rng = np.random.default_rng((seed, index))
    detector = _detector_before(name, recipe, out) if index else None
    samples = gather(name, stage, sources, detector, rng)
    _keep_for_calibration(name, samples, out, rng)
    keras.config.set_dtype_policy(stage.precision)
    network = NETWORKS[name]()
    last = fit_network(network, samples, stage.fit(), seed)
    keras.config.set_dtype_policy("float32")
    finished = NETWORKS[name]()
    finished.set_weights(network.get_weights())
    finished.save(out / f"{name}.keras")
    log.info("%s: trained on %s windows; last epoch %s", name, f"{len(samples):,}", last)


def _detector_before(name: str, recipe: CascadeRecipe, out: Path) -> CascadeDetector:
    names = list(NETWORKS)[: list(NETWORKS).index(name)]
    thresholds = {before: getattr(recipe.stages, before).mining_threshold for before in names}
    return CascadeDetector(load_networks(out, names), thresholds, recipe.smallest_px)


def load_networks(folder: Path, names: list[str]) -> dict[str, keras.Model]:
    """Load networks by name from a training's output folder."""
    return {name: keras.models.load_model(folder / f"{name}.keras") for name in names}


def finished_detector(recipe: CascadeRecipe, out: Path, smallest: float) -> CascadeDetector:
    """Give the whole cascade with the recipe's own thresholds."""
    return CascadeDetector(load_networks(out, list(NETWORKS)), recipe.thresholds.model_dump(), smallest)


def _keep_for_calibration(name: str, samples: Samples, out: Path, rng: np.random.Generator) -> None:
    """Write the windows on which int8 ranges are measured, half of them on objects."""
    path = out / CALIBRATION_FILE
    kept = dict(np.load(path)) if path.exists() else {}
    negative = samples.kind == NEGATIVE
    halves = [rng.choice(np.flatnonzero(kind), CALIBRATION_WINDOWS // 2) for kind in (negative, ~negative)]
    kept[name] = samples.crops[np.concatenate(halves)]
    np.savez_compressed(path, **kept)


def _write_metrics(recipe: CascadeRecipe, sources: list[Source], out: Path, seed: int) -> None:
    detector = finished_detector(recipe, out, recipe.smallest_px)
    held_back = {}
    for source in sources:
        if source.validation:
            held_back[source.name] = judge(detector, source.validation).as_dict()
            log.info("%s: %s", source.name, held_back[source.name])
    report = {
        "task": recipe.task,
        "recipe": recipe.model_dump(mode="json"),
        "seed": seed,
        "backend": keras.backend.backend(),
        "thresholds": recipe.thresholds.model_dump(),
        "held_back": held_back,
    }
    (out / METRICS_FILE).write_text(json.dumps(report, indent=2) + "\n", "utf-8")
