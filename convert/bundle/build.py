"""From a checkpoint to a bundle's draft: quantizing, calibrating and measuring.

Needs Keras on the TensorFlow backend.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray

from convert.bundle.card import Card, read_card
from convert.bundle.checkpoint import (
    CASCADE_MEAN,
    CASCADE_SCALE,
    CheckpointError,
    TrainingReport,
    load_network,
    network_files,
    read_calibration,
    read_report,
)
from convert.bundle.writer import BundleDraft, NetworkDraft
from convert.evaluate.calibration import fit_temperature
from convert.evaluate.classification import classification_figures
from convert.quantize.quantize import QuantizedNetwork, quantize
from convert.quantize.report import format_report
from convert.quantize.run import run_float, run_int8
from edge.inference import Task
from edge.inference.manifest import InputSpec, Metrics, Training

log = logging.getLogger(__name__)

CASCADE_SIDES = {"pnet": 12, "rnet": 24, "onet": 48}

CALIBRATION_CROPS = 500
CHECK_SHARE = 5
"""One of so many calibration inputs is kept back to measure the loss."""

MAX_CHECKED = 512
GOLDEN_INPUTS = 8


def build_classifier(task: Task, checkpoint: Path, data: Path, version: str) -> BundleDraft:
    """The draft of a classifier's bundle, calibrated and measured on the data sets of its own recipe.

    ``data`` is the folder with the unpacked data sets.  The figures and the temperature are those of the recipe's
    validation crops.
    """
    from convert.training.datasets import prepare
    from convert.training.recipe import Recipe

    report = read_report(checkpoint)
    recipe = Recipe.model_validate(report.recipe)
    if recipe.task != task.value:
        raise CheckpointError(f"{checkpoint}: this checkpoint is for {recipe.task!r}, asked for {task.value!r}")
    network = load_network(network_files(checkpoint, task)[task.value])
    size = recipe.input.size
    spec = InputSpec(
        shape=(1, size, size, recipe.input.channels),
        dtype="float32",
        colour=recipe.input.colour,
        mean=recipe.input.mean,
        scale=recipe.input.scale,
    )
    prepared = prepare(recipe, data, report.seed)
    validation = prepared.validation
    calibration = prepared.device_crops(CALIBRATION_CROPS, size, report.seed)
    quantized = quantize(network, spec, calibration, validation.images[:: _every(len(validation.images))])
    log.info("%s", format_report([quantized]))
    float_logits = run_float(network, spec, validation.images)["logits"]
    int8_logits = run_int8(quantized.model, quantized.input, validation.images)["logits"]
    card = read_card(task.value)
    return BundleDraft(
        task=task,
        version=version,
        networks={task.value: _network_draft(quantized, network, spec, validation.images)},
        training=_training(task, card, report),
        card=card,
        labels=recipe.labels,
        temperature=fit_temperature(int8_logits, validation.targets),
        metrics=(
            Metrics(
                data=f"{recipe.dataset}, held-out part",
                n=len(validation.targets),
                float=classification_figures(float_logits, validation.targets, recipe.labels),
                int8=classification_figures(int8_logits, validation.targets, recipe.labels),
            ),
        ),
    )


def build_cascade(
    task: Task,
    checkpoint: Path,
    calibration: Path,
    version: str,
    thresholds: Mapping[str, float],
    metrics: Sequence[Metrics] = (),
) -> BundleDraft:
    """The draft of a cascade's bundle.

    ``calibration`` is an ``.npz`` with an array for each network: RGB uint8 windows ``(n, side, side, 3)`` of the kind
    that reaches it on the device, P-Net's 12, R-Net's 24 and O-Net's 48 pixels wide.
    """
    report = read_report(checkpoint)
    files = network_files(checkpoint, task)
    pixels = read_calibration(calibration, tuple(files))
    drafts, results = {}, []
    for name, file in files.items():
        side = CASCADE_SIDES[name]
        spec = InputSpec(
            shape=(1, side, side, 3), dtype="float32", colour="rgb", mean=CASCADE_MEAN, scale=CASCADE_SCALE
        )
        network = load_network(file)
        kept_back = np.arange(len(pixels[name])) % CHECK_SHARE == CHECK_SHARE - 1
        checked = pixels[name][kept_back]
        quantized = quantize(network, spec, pixels[name][~kept_back], checked[:: _every(len(checked))])
        results.append(quantized)
        drafts[name] = _network_draft(quantized, network, spec, checked)
    log.info("%s", format_report(results))
    card = read_card(task.value)
    return BundleDraft(
        task=task,
        version=version,
        networks=drafts,
        training=_training(task, card, report),
        card=card,
        thresholds=thresholds,
        metrics=tuple(metrics),
    )


def _network_draft(
    quantized: QuantizedNetwork, network: keras.Model, spec: InputSpec, pixels: NDArray[np.uint8]
) -> NetworkDraft:
    golden = pixels[:: max(len(pixels) // GOLDEN_INPUTS, 1)][:GOLDEN_INPUTS]
    return NetworkDraft(
        model=quantized.model,
        input=quantized.input,
        outputs=quantized.outputs,
        macs=quantized.macs,
        golden=golden,
        golden_float=run_float(network, spec, golden),
    )


def _training(task: Task, card: Card, report: TrainingReport) -> Training:
    recipe: dict[str, Any] = report.recipe
    return Training(
        data=card.data,
        command=f"vigil-convert train {task.value} --data DATA --recipe convert/recipes/{task.value}.toml "
        f"--out RUN --seed {report.seed}",
        seed=report.seed,
        recipe=recipe,
    )


def _every(number: int) -> int:
    """The step that leaves at most :data:`MAX_CHECKED` of ``number``."""
    return -(-number // MAX_CHECKED) or 1
