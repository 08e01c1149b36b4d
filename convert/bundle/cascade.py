"""From a cascade's checkpoint to its bundle's draft.

Needs Keras on the TensorFlow backend.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from convert.bundle.card import Card, shipped_card
from convert.bundle.checkpoint import (
    CASCADE_MEAN,
    CASCADE_SCALE,
    check_network,
    load_network,
    network_files,
    read_calibration,
    read_report,
)
from convert.bundle.parts import Options, network_draft, sample, training
from convert.bundle.writer import BundleDraft
from convert.networks.cascade import HEADS, WINDOW_SIDES
from convert.quantize.quantize import quantize
from convert.quantize.report import format_report
from edge.inference import Task
from edge.inference.manifest import InputSpec, Metrics

log = logging.getLogger(__name__)

CHECK_SHARE = 5
"""One of so many calibration inputs is kept back to measure the loss."""


def build_cascade(
    task: Task,
    checkpoint: Path,
    calibration: Path,
    version: str,
    options: Options,
    thresholds: Mapping[str, float],
    metrics: Sequence[Metrics] = (),
    card: Card | None = None,
) -> BundleDraft:
    """The draft of a cascade's bundle.

    ``calibration`` is an ``.npz`` with an array for each network: RGB uint8 windows ``(n, side, side, 3)`` of the kind
    that reaches it on the device, P-Net's 12, R-Net's 24 and O-Net's 48 pixels wide.  ``thresholds`` replace those of
    the training's recipe; without a ``card`` it is the task's.
    """
    report = read_report(checkpoint)
    files = network_files(checkpoint, task)
    pixels = read_calibration(calibration, {name: WINDOW_SIDES[name] for name in files})
    drafts, results = {}, []
    for name, file in files.items():
        side = WINDOW_SIDES[name]
        spec = InputSpec(
            shape=(1, side, side, 3), dtype="float32", colour="rgb", mean=CASCADE_MEAN, scale=CASCADE_SCALE
        )
        network = load_network(file)
        check_network(file, network, spec, HEADS)
        kept_back = np.arange(len(pixels[name])) % CHECK_SHARE == CHECK_SHARE - 1
        checked = pixels[name][kept_back]
        quantized = quantize(
            network,
            spec,
            pixels[name][~kept_back],
            sample(checked),
            allow_slow_operations=options.allow_slow_operations,
        )
        results.append(quantized)
        drafts[name] = network_draft(quantized, checked)
    log.info("int8 against float:\n\n%s\n", format_report(results))
    card = card or shipped_card(task.value)
    return BundleDraft(
        task=task,
        version=version,
        networks=drafts,
        training=training(task, card, report, _arguments(options, thresholds)),
        card=card,
        thresholds={**report.recipe.get("thresholds", {}), **thresholds},
        metrics=tuple(metrics),
    )


def _arguments(options: Options, thresholds: Mapping[str, float]) -> str:
    given = "".join(f" {name}={value:g}" for name, value in thresholds.items())
    return f"--calibration RUN/calibration.npz{' --threshold' if given else ''}{given}{options.arguments()}"
