"""Trains the three networks one after the other: each learns from what the ones before it let through."""

from __future__ import annotations

import json
import logging
from pathlib import Path

import cv2
import keras
import numpy as np
from numpy.typing import NDArray

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

CALIBRATION_CROPS, CALIBRATION_CANVASES, CANVAS_PX = 512, 64, 96


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
    _keep_for_calibration(name, samples, sources, out, rng)
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


def _keep_for_calibration(
    name: str, samples: Samples, sources: list[Source], out: Path, rng: np.random.Generator
) -> None:
    """Write what int8 ranges are measured on: pieces of pictures for P-Net, windows for the others, half on objects."""
    path = out / CALIBRATION_FILE
    kept = dict(np.load(path)) if path.exists() else {}
    if name == "pnet":
        kept[name] = np.stack([_canvas(sources, rng) for _ in range(CALIBRATION_CANVASES)])
    else:
        negative = samples.kind == NEGATIVE
        halves = [rng.choice(np.flatnonzero(kind), CALIBRATION_CROPS // 2) for kind in (negative, ~negative)]
        kept[name] = samples.crops[np.concatenate(halves)]
    np.savez_compressed(path, **kept)


def _canvas(sources: list[Source], rng: np.random.Generator) -> NDArray[np.uint8]:
    """Cut a piece of a random training picture at a size at which its objects may fill P-Net's window."""
    candidates = [source.train for source in sources if source.train]
    scenes = candidates[int(rng.integers(len(candidates)))]
    image = scenes[int(rng.integers(len(scenes)))].read()
    shrunk = cv2.resize(image, None, fx=(zoom := rng.uniform(0.15, 0.6)), fy=zoom, interpolation=cv2.INTER_AREA)
    bottom, right = (max(CANVAS_PX - side, 0) for side in shrunk.shape[:2])
    padded = cv2.copyMakeBorder(shrunk, 0, bottom, 0, right, cv2.BORDER_REFLECT)
    return np.ascontiguousarray(padded[:CANVAS_PX, :CANVAS_PX, ::-1])


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
