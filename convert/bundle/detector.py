"""From a detector's checkpoint to its bundle's draft: a cascade's, or a single network's.

Needs Keras on the TensorFlow backend.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from convert.bundle.card import Card, shipped_card
from convert.bundle.checkpoint import (
    DETECTOR_MEAN,
    DETECTOR_SCALE,
    TrainingReport,
    check_network,
    load_network,
    network_files,
    read_calibration,
    read_report,
)
from convert.bundle.parts import Options, network_draft, sample, training
from convert.bundle.writer import BundleDraft
from convert.networks.cascade import HEADS as CASCADE_HEADS
from convert.networks.cascade import WINDOW_SIDES
from convert.quantize.quantize import quantize
from convert.quantize.report import format_report
from edge.errors import ConfigError
from edge.inference import Task
from edge.inference.manifest import SINGLE_SHOT, InputSpec, Metrics
from edge.vision import cascade
from edge.vision import single_shot as single_shot_finder
from edge.vision.heatmap import HEADS as SINGLE_SHOT_HEADS

log = logging.getLogger(__name__)

CHECK_SHARE = 5
"""One of so many calibration inputs is kept back to measure the loss."""


def build_detector(
    task: Task,
    checkpoint: Path,
    calibration: Path,
    version: str,
    options: Options,
    thresholds: Mapping[str, float],
    metrics: Sequence[Metrics] = (),
    card: Card | None = None,
    onet: Path | None = None,
) -> BundleDraft:
    """The draft of a detector's bundle.

    ``onet`` is the checkpoint of a cascade whose O-Net confirms what a single network finds.

    ``calibration`` is an ``.npz`` with an array for each network: RGB uint8 pixels ``(n, height, width, 3)`` of the
    kind that reaches it on the device.  The cascade's are windows, P-Net's 12, R-Net's 24 and O-Net's 48 pixels wide;
    those of a single network are canvases of its recipe's size.  ``thresholds`` replace those of the training;
    without a ``card`` it is the task's.
    """
    report = read_report(checkpoint)
    files = network_files(checkpoint, task)
    single_shot = set(files) == set(SINGLE_SHOT)
    sizes = _canvas_size(report) if single_shot else {name: (side, side) for name, side in WINDOW_SIDES.items()}
    pixels = read_calibration(calibration, sizes)
    if onet is not None:
        if not single_shot:
            raise ConfigError(f"--onet: confirms what a single network finds; {checkpoint} holds a cascade")
        confirming = {"onet": (WINDOW_SIDES["onet"],) * 2}
        files = {**files, "onet": onet / "onet.keras"}
        sizes = {**sizes, **confirming}
        pixels = {**pixels, **read_calibration(onet / calibration.name, confirming)}
    read = single_shot_finder.OUTPUTS if single_shot else cascade.OUTPUTS
    drafts, results = {}, []
    for name, file in files.items():
        spec = InputSpec(
            shape=(1, *sizes[name], 3), dtype="float32", colour="rgb", mean=DETECTOR_MEAN, scale=DETECTOR_SCALE
        )
        network = load_network(file)
        heads = SINGLE_SHOT_HEADS if name in SINGLE_SHOT else CASCADE_HEADS
        check_network(file, network, spec, heads)
        kept_back = np.arange(len(pixels[name])) % CHECK_SHARE == CHECK_SHARE - 1
        checked = pixels[name][kept_back]
        quantized = quantize(
            network,
            spec,
            pixels[name][~kept_back],
            sample(checked),
            unread=set(heads) - set(read[name]),
            allow_slow_operations=options.allow_slow_operations,
        )
        results.append(quantized)
        drafts[name] = network_draft(quantized, checked)
    log.info("int8 against float:\n\n%s\n", format_report(results))
    card = card or shipped_card(f"{task.value}_single_shot" if single_shot else task.value)
    return BundleDraft(
        task=task,
        version=version,
        networks=drafts,
        training=training(task, card, report, _arguments(options, thresholds, onet)),
        card=card,
        thresholds={**report.thresholds, **thresholds},
        metrics=tuple(metrics),
    )


def _canvas_size(report: TrainingReport) -> dict[str, tuple[int, int]]:
    """Height and width of the single network's input in the file; a device allocates it for its own canvas."""
    canvas = report.recipe["canvas"]
    return {"detector": (int(canvas["height"]), int(canvas["width"]))}


def _arguments(options: Options, thresholds: Mapping[str, float], onet: Path | None) -> str:
    given = "".join(f" {name}={value:g}" for name, value in thresholds.items())
    confirmed = " --onet ONET_RUN" if onet else ""
    return f"--calibration RUN/calibration.npz{confirmed}{' --threshold' if given else ''}{given}{options.arguments()}"
