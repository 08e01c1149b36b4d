"""Trains the detector, goes on where an interrupted training stopped, and says how good the result is."""

from __future__ import annotations

import hashlib
import json
import logging
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import keras
import numpy as np

from convert.networks.detector import DetectorSize, build_detector
from convert.training.checkpoint import Arrays, Checkpoint, first_checkpoint, values_of
from convert.training.detector.batches import Batches
from convert.training.detector.canvases import CanvasDrawer
from convert.training.detector.detect import make_detect
from convert.training.detector.grown import grown
from convert.training.detector.keeper import Keeper
from convert.training.detector.losses import Trainer
from convert.training.detector.pictures import read_pictures
from convert.training.detector.recipe import DetectorRecipe, FitTable, SourceTable, read_detector_recipe
from convert.training.detector.threshold import choose_threshold, set_apart
from convert.training.files import make_folder, replacing
from convert.training.finished import InitialWeights, digest, load_finished
from convert.training.from_bundle import is_bundle
from convert.training.normalizations import first_pixels, restore_statistics
from convert.training.scenes.judge import judge
from convert.training.scenes.sources import Source, load_sources
from convert.training.schedule import WarmCosine
from convert.training.seeding import make_repeatable
from convert.training.showing import lines_above_the_bar
from convert.training.torch_kernels import use_fused_kernels
from edge.vision.single_shot import Thresholds

log = logging.getLogger(__name__)

NETWORK_FILE = "detector.keras"
METRICS_FILE = "training.json"
CALIBRATION_FILE = "calibration.npz"

CALIBRATION_CANVASES = 400
"""Training canvases, left beside the network, on which int8 ranges are measured."""

JUDGED_PX = 40
"""Objects from this size on are looked for in the held-back pictures."""


def train(
    recipe_path: Path,
    data: Path,
    out: Path,
    seed: int = 0,
    *,
    resume: bool = False,
    restart: bool = False,
    initial: Path | None = None,
) -> Path:
    """Train the detector of a recipe on the folder ``data`` and write everything to the folder ``out``.

    It begins with the weights of the finished training or of the bundle in ``initial``, or with random ones.

    ``out`` gets ``detector.keras`` (float32, the moving average of the weights), ``calibration.npz`` (training
    canvases, uint8 RGB), ``epochs.csv`` and ``training.json``.  Returns ``out``.

    Raises:
        RecipeError: the recipe breaks a rule, or ``out`` holds an interrupted training that is neither resumed nor
            given up, or one of another recipe, seed, backend or beginning; or ``initial`` holds no finished training
            and no bundle of such a network.
        BundleError: ``initial`` is a damaged bundle.
        WriteError: ``out`` can't be written to; what is there stays.
    """
    recipe = read_detector_recipe(recipe_path)
    make_folder(out)
    use_fused_kernels()
    make_repeatable(seed)
    begun = _initial_network(initial, recipe.network.size) if initial else None
    weights = values_of(begun.weights) if begun else []
    loaded = load_sources(recipe, data, out, np.random.default_rng(seed))
    sources, choosing = set_apart(loaded, recipe)
    new = Checkpoint(_identity(recipe, sources, seed, digest(weights) if weights else None))
    checkpoint = first_checkpoint(new, out, recipe.fit.epochs, resume=resume, restart=restart)
    if not checkpoint.progress.finished:
        drawer = CanvasDrawer(*read_pictures(sources), recipe.canvas, recipe.pixels)
        _keep_for_calibration(drawer, out, seed)
        batches = Batches(drawer, recipe, seed)
        if begun and initial and is_bundle(initial) and not checkpoint.progress.epochs:
            restore_statistics(begun, first_pixels(batches))
            weights = values_of(begun.weights)
        checkpoint = _fit(batches, recipe, checkpoint, out, seed, weights)
    network = build_detector(size=recipe.network.size)
    network.set_weights(checkpoint.kept)
    with replacing(out / NETWORK_FILE) as partial:
        network.save(partial)
    thresholds = choose_threshold(network, choosing, recipe.threshold, JUDGED_PX)
    _write_metrics(network, recipe, sources, thresholds, out, checkpoint)
    return out


def _initial_network(folder: Path, size: DetectorSize) -> keras.Model:
    """The network in ``folder``, grown to ``size``."""
    if not is_bundle(folder):
        return grown(load_finished(folder, "--initial", NETWORK_FILE), size)
    from convert.training.detector.from_bundle import bundle_detector  # needs TensorFlow

    return grown(bundle_detector(folder), size)


def _identity(
    recipe: DetectorRecipe, sources: Sequence[Source[SourceTable]], seed: int, initial: str | None
) -> dict[str, Any]:
    """What must be the same for a training to go on; ``initial``: the digest of the weights that it begins with."""
    names = "\n".join(f"{source.name} {scene.path}" for source in sources for scene in source.train)
    return {
        "recipe": recipe.model_dump(mode="json"),
        "seed": seed,
        "data": hashlib.sha256(names.encode()).hexdigest(),
        "backend": keras.backend.backend(),
        "initial": initial,
    }


def _keep_for_calibration(drawer: CanvasDrawer, out: Path, seed: int) -> None:
    rng = np.random.default_rng((seed, CALIBRATION_CANVASES))
    canvases = np.stack([drawer.draw(rng).image[..., ::-1] for _ in range(CALIBRATION_CANVASES)])
    with replacing(out / CALIBRATION_FILE) as partial, partial.open("wb") as file:
        np.savez_compressed(file, detector=canvases)


def _fit(
    batches: Batches, recipe: DetectorRecipe, checkpoint: Checkpoint, out: Path, seed: int, initial: Arrays
) -> Checkpoint:
    """Train from ``checkpoint``, at the beginning with the ``initial`` weights if any, to the end; give the last."""
    keras.config.set_dtype_policy(recipe.fit.precision)
    try:
        size = recipe.network.size
        trainer = Trainer(build_detector(size=size), recipe.fit.box_weight)
    finally:
        keras.config.set_dtype_policy("float32")
    trainer.compile(_optimiser(recipe.fit))
    trainer.optimizer.build(trainer.trainable_variables)  # TensorFlow traces a step twice that has to make them
    keeper = Keeper(checkpoint, build_detector(size=size), batches, recipe.fit.epochs, out, seed)
    done = checkpoint.progress.epochs
    beginning = [InitialWeights(trainer.network, initial)] if initial and not done else []
    try:
        with lines_above_the_bar():
            trainer.fit(
                batches,
                shuffle=False,
                initial_epoch=done,
                epochs=recipe.fit.epochs,
                callbacks=[keeper, *beginning],
                verbose=0,
            )
    finally:
        batches.close()
    return keeper.checkpoint


def _optimiser(table: FitTable) -> keras.optimizers.Optimizer:
    falling = table.epochs * table.steps_per_epoch - table.warmup_steps
    optimiser = keras.optimizers.AdamW(
        WarmCosine(table.rate, falling, table.warmup_steps, start=table.rate / 10, end=table.rate / 100),
        weight_decay=table.weight_decay,
        global_clipnorm=10.0,
        use_ema=True,
        ema_momentum=table.average_momentum,
    )
    optimiser.exclude_from_weight_decay(var_names=["bias", "gamma", "beta"])
    return optimiser


def _write_metrics(
    network: keras.Model,
    recipe: DetectorRecipe,
    sources: Sequence[Source[SourceTable]],
    thresholds: Thresholds,
    out: Path,
    checkpoint: Checkpoint,
) -> None:
    detect = make_detect(network, thresholds, JUDGED_PX)
    held_back = {}
    for source in sources:
        if source.validation:
            held_back[source.name] = judge(detect, source.validation, JUDGED_PX).as_dict()
            log.info("%s: %s", source.name, held_back[source.name])
    report = {
        "task": recipe.task,
        "recipe": recipe.model_dump(mode="json"),
        **{key: checkpoint.identity[key] for key in ("seed", "backend", "initial")},
        "thresholds": asdict(thresholds),
        "held_back": held_back,
    }
    with replacing(out / METRICS_FILE) as partial:
        partial.write_text(json.dumps(report, indent=2) + "\n", "utf-8")
