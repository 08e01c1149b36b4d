"""Training a network: the same loop for emotion, eyes, gesture and identity, on any Keras backend."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import keras

from convert.data.errors import DataError
from convert.training.batches import Batches
from convert.training.callbacks import EpochStart, Keeper
from convert.training.checkpoint import Arrays, Checkpoint, first_checkpoint, identity, values_of
from convert.training.datasets import Prepared
from convert.training.distribute import use_devices, use_one_device
from convert.training.files import make_folder, replacing
from convert.training.finished import NETWORK_FILE, InitialWeights, digest, initial_weights, mean_weights
from convert.training.from_bundle import bundle_network, bundle_recipe, is_bundle, require_same_pixels
from convert.training.normalizations import first_pixels, restore_statistics
from convert.training.recipe import BaseRecipe, Recipe
from convert.training.report import write_report
from convert.training.seeding import make_repeatable
from convert.training.showing import TENSORBOARD_FOLDER, ProgressBar, TensorBoard, lines_above_the_bar
from convert.training.teaching import TaughtTrainee
from convert.training.torch_kernels import use_fused_kernels
from convert.training.trainee import ClassifierTrainee, Trainee

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Start:
    """How a training begins: anew, or ``resume`` an interrupted one; ``restart`` gives an interrupted one up.

    ``distribute``: on all devices of Keras' backend.  ``initial``: finished trainings of the same network, or
    bundles, with the mean of whose weights a new training begins instead of random ones.
    """

    seed: int = 0
    resume: bool = False
    restart: bool = False
    distribute: bool = False
    initial: Sequence[Path] = ()


def train(trainee: Trainee, out: Path, start: Start) -> keras.Model:
    """Train by the recipe of ``trainee`` and write ``network.keras`` and ``training.json`` to the folder ``out``.

    The network is the moving average of the weights, after the last epoch or, with ``early_stop``, the best one; its
    normalizations get the statistics of training crops under these weights.
    Each epoch leaves a checkpoint; a training that goes on from it gives what an unbroken one would have given.
    The validation crops decide nothing, they are only reported.

    Raises:
        RecipeError: the checkpoint in ``out`` is of another training, or would be overwritten unasked; or what the
            training begins with knows other pixels.
        ResumeError: the checkpoint is damaged.
        DataError: too few crops to train on or to judge by.
        WriteError: ``out`` can't be written to.
    """
    recipe, prepared = trainee.recipe, trainee.prepared
    _check_amounts(recipe, prepared)
    for bundle in filter(is_bundle, start.initial):
        require_same_pixels(bundle, "--initial", bundle_recipe(bundle, "--initial").input, recipe.input)
    initial = mean_weights([initial_weights(folder) for folder in start.initial]) if start.initial else []
    origin = digest(initial) if initial else None
    new = Checkpoint(identity(recipe, start.seed, prepared.train, prepared.soft_targets, origin, trainee.teachers))
    checkpoint = first_checkpoint(new, out, recipe.optimiser.epochs, resume=start.resume, restart=start.restart)
    make_folder(out)
    make_repeatable(start.seed)
    use_fused_kernels()
    if not checkpoint.progress.finished:
        if not checkpoint.progress.epochs and any(map(is_bundle, start.initial)):
            initial = mean_weights([_as_in_training(folder, trainee, start.seed) for folder in start.initial])
        checkpoint = _fit(trainee, checkpoint, out, start, initial)
    trained = trainee.exported(checkpoint.kept)
    figures = trainee.figures(trained)
    with replacing(out / NETWORK_FILE) as partial:
        trained.save(partial)
    counts = {"beginnings": len(start.initial), "teachers": trainee.taught_by}
    write_report(out, recipe, {**counts, **figures}, checkpoint)
    return trained


def train_classifier(
    recipe: Recipe, prepared: Prepared, out: Path, start: Start, teachers: Sequence[Path] = ()
) -> keras.Model:
    """Train a classifier on what ``teachers`` have taught, or beside them, as the recipe says: see :func:`train`."""
    beside = recipe.teacher and recipe.teacher.sees == "augmented"
    trainee = TaughtTrainee(recipe, prepared, teachers) if beside else ClassifierTrainee(recipe, prepared)
    trainee.taught_by = len(teachers)
    return train(trainee, out, start)


def _as_in_training(folder: Path, trainee: Trainee, seed: int) -> Arrays:
    """The weights of a training's network; of a bundle's, with training crops' statistics in its normalizations."""
    if not is_bundle(folder):
        return initial_weights(folder)
    network, prepared = bundle_network(folder, "--initial", any_size=True), trainee.prepared
    batches = Batches(prepared.train, trainee.recipe, prepared.augment, seed, prepared.weights)
    try:
        restore_statistics(network, map(trainee.seen, first_pixels(batches)))
    finally:
        batches.close()
    return values_of(network.weights)


def _fit(trainee: Trainee, checkpoint: Checkpoint, out: Path, start: Start, initial: Arrays) -> Checkpoint:
    """Train from ``checkpoint``, at the beginning with the ``initial`` weights if any, to the end; give the last."""
    recipe, prepared = trainee.recipe, trainee.prepared
    judged = prepared.validation
    if recipe.early_stop:
        prepared, judged = prepared.hold_out(recipe.early_stop.held_out, recipe.input.size, start.seed)
    log.info("train %s, judge by %s", trainee.amounts(prepared.train), trainee.amounts(judged))
    table, done = recipe.optimiser, checkpoint.progress.epochs
    keras.config.set_dtype_policy(table.precision)
    with use_devices(recipe) if start.distribute else use_one_device():
        batches = Batches(
            prepared.train,
            recipe,
            prepared.augment,
            start.seed,
            prepared.weights,
            trainee.encode,
            prepared.soft_targets,
        )
        network = trainee.compiled(len(batches))
        network.optimizer.build(network.trainable_variables)  # TensorFlow traces a step twice that has to make them
        judge = trainee.judge(judged, batches)
        keeper = Keeper(checkpoint, judge, recipe, out)
        beginning = [InitialWeights(trainee.kept_part(network), initial)] if initial and not done else []
        try:
            with lines_above_the_bar():
                network.fit(
                    batches,
                    shuffle=False,  # Keras would shuffle the batches by a random state that no checkpoint holds
                    initial_epoch=done,
                    epochs=table.epochs,
                    callbacks=[
                        *beginning,
                        EpochStart(batches, start.seed),
                        judge,
                        keeper,
                        ProgressBar(table.epochs, len(batches), done),
                        TensorBoard(out / TENSORBOARD_FOLDER, done),
                    ],
                    verbose=0,
                )
        finally:
            batches.close()
    return keeper.checkpoint


def _check_amounts(recipe: BaseRecipe, prepared: Prepared) -> None:
    available = recipe.optimiser.samples_per_epoch or len(prepared.train)
    if available < recipe.optimiser.batch:
        raise DataError(
            f"training data: {available} crops an epoch are fewer than one batch of {recipe.optimiser.batch}; give "
            "more images, or a smaller optimiser.batch"
        )
    if not len(prepared.validation):
        raise DataError(
            f"validation data: none in this folder for {recipe.task!r}; give a person, session or split more to "
            "judge the network by"
        )
