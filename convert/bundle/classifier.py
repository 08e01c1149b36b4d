"""From a classifier's checkpoint to its bundle's draft: quantized, measured and, where it must be, fine-tuned.

Needs Keras on the TensorFlow backend.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from pathlib import Path

import keras
import numpy as np
from numpy.typing import NDArray

from convert.bundle.card import Card, shipped_card
from convert.bundle.checkpoint import check_network, load_network, network_files, read_report
from convert.bundle.parts import (
    CALIBRATION_CROPS,
    Options,
    checked_recipe,
    network_draft,
    sample,
    trained_input,
    training,
)
from convert.bundle.writer import BundleDraft
from convert.data.classes import LabelledImages
from convert.evaluate.calibration import fit_temperature
from convert.evaluate.classification import classification_figures
from convert.quantize.quantize import QuantizedNetwork, device_network, quantize
from convert.quantize.report import format_report
from convert.training.datasets import Prepared, prepare
from convert.training.recipe import Recipe
from edge.inference import Task
from edge.inference.manifest import InputSpec, Metrics
from edge.perception.looks import look

log = logging.getLogger(__name__)

Run = Callable[[NDArray[np.uint8]], dict[str, NDArray[np.float32]]]

MAX_LOST_POINTS = 0.5
"""Percentage points of accuracy that int8 may cost before the network is fine-tuned for it."""


def build_classifier(
    task: Task, checkpoint: Path, data: Path, version: str, options: Options, card: Card | None = None
) -> BundleDraft:
    """The draft of a classifier's bundle, calibrated and measured on the data sets of its own recipe.

    ``data`` is the folder with the unpacked data sets; without a ``card`` it is that of the data set or of the task.
    Ranges are calibrated, and weights fine-tuned, on training crops only; the figures and the temperature are those of
    the validation crops, which also judge whether fine-tuning was needed and helped.
    """
    report = read_report(checkpoint)
    recipe = checked_recipe(Recipe, checkpoint, task, report)
    (file,) = network_files(checkpoint, task).values()
    network = load_network(file)
    spec = trained_input(recipe)
    check_network(file, network, spec, {"logits": len(recipe.labels)})
    prepared = prepare(recipe, data, report.seed)
    quantized, metrics = _converted(network, spec, recipe, prepared, report.seed, options)
    log.info("int8 against float:\n\n%s\n", format_report([quantized], [metrics]))
    validation = prepared.validation
    card = card or shipped_card(recipe.dataset, task.value)
    return BundleDraft(
        task=task,
        version=version,
        networks={task.value: network_draft(quantized, validation.images)},
        training=training(task, card, report, f"--data DATA{options.arguments()}"),
        card=card,
        labels=recipe.labels,
        temperature=fit_temperature(_logits(quantized.run, validation.images, spec), validation.targets),
        metrics=(metrics,),
    )


def _converted(
    network: keras.Model, spec: InputSpec, recipe: Recipe, prepared: Prepared, seed: int, options: Options
) -> tuple[QuantizedNetwork, Metrics]:
    """``network`` in int8, fine-tuned by the rule of ``options``, with its figures."""
    calibration = prepared.device_crops(CALIBRATION_CROPS, recipe.input.size, seed)

    def convert(tuned: keras.Model | None) -> tuple[QuantizedNetwork, Metrics]:
        quantized = quantize(
            network,
            spec,
            calibration,
            sample(prepared.validation.images),
            tuned=tuned,
            allow_slow_operations=options.allow_slow_operations,
        )
        return quantized, _metrics(quantized, recipe, prepared.validation)

    plain = convert(None)
    lost = _lost_points(plain[1])
    if options.fine_tune == "never" or (options.fine_tune == "auto" and lost <= MAX_LOST_POINTS):
        return plain
    from convert.quantize.tune import fine_tune

    log.info("%s: int8 by calibration alone costs %.2f points", network.name, lost)
    tuned = convert(
        fine_tune(
            device_network(network, spec),
            recipe,
            prepared,
            plain[0].input.normalise(calibration),
            epochs=options.fine_tune_epochs,
            seed=seed,
        )
    )
    log.info("%s: fine-tuned for int8 it costs %.2f points", network.name, _lost_points(tuned[1]))
    return min(plain, tuned, key=lambda result: _lost_points(result[1]))


def _metrics(quantized: QuantizedNetwork, recipe: Recipe, validation: LabelledImages) -> Metrics:
    logits = (_logits(run, validation.images, quantized.input) for run in (quantized.run_float, quantized.run))
    floats, int8 = (classification_figures(scores, validation.targets, recipe.labels) for scores in logits)
    return Metrics(data=f"{recipe.dataset}, held-out part", n=len(validation.targets), float=floats, int8=int8)


def _logits(run: Run, pixels: NDArray[np.uint8], spec: InputSpec) -> NDArray[np.float32]:
    """``(n, k)``: as the device takes them of crops without their margin, ``(n, height, width, channels)``."""
    return look(lambda seen: run(seen)["logits"], pixels, spec)


def _lost_points(metrics: Metrics) -> float:
    floats = metrics.float or {}
    return 100 * (floats["accuracy"] - metrics.int8["accuracy"])
