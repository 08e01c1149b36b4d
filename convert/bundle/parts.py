"""What the drafts of all bundles have in common."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal, TypeVar

import numpy as np
from numpy.typing import NDArray
from pydantic import ValidationError

from convert.bundle.card import Card
from convert.bundle.checkpoint import REPORT_FILE, CheckpointError, TrainingReport
from convert.bundle.writer import NetworkDraft
from convert.quantize.quantize import QuantizedNetwork
from convert.quantize.report import conversion
from convert.training.recipe import BaseRecipe
from edge.inference import Task
from edge.inference.manifest import InputSpec, Training

R = TypeVar("R", bound=BaseRecipe)

CALIBRATION_CROPS = 500

GOLDEN_INPUTS = 8

MAX_CHECKED = 512
"""Inputs on which int8 is compared with float, at most."""


@dataclass(frozen=True)
class Options:
    """How networks are converted.

    ``fine_tune``: on the training data, for int8; ``auto`` where calibration alone loses too much.
    """

    fine_tune: Literal["auto", "never", "always"] = "auto"
    fine_tune_epochs: int = 2
    allow_slow_operations: bool = False

    def arguments(self) -> str:
        """The command line that gives these options, " " before each."""
        default = Options()
        given = []
        if self.fine_tune != default.fine_tune:
            given.append(f" --fine-tune {self.fine_tune}")
        if self.fine_tune_epochs != default.fine_tune_epochs:
            given.append(f" --fine-tune-epochs {self.fine_tune_epochs}")
        if self.allow_slow_operations:
            given.append(" --allow-slow-operations")
        return "".join(given)


def checked_recipe(model: type[R], checkpoint: Path, task: Task, report: TrainingReport) -> R:
    """The recipe in the report of ``checkpoint``, which is for ``task``.

    Raises:
        CheckpointError: it is another task's, or not of the form ``model``.
    """
    found = report.recipe.get("task")
    if found is not None and found != task.value:
        raise CheckpointError(f"{checkpoint}: this checkpoint is for {found!r}, asked for {task.value!r}")
    try:
        return model.model_validate(report.recipe)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        key = ".".join(str(part) for part in ("recipe", *first["loc"]))
        raise CheckpointError(
            f"{checkpoint / REPORT_FILE}: {key}: {first['msg']}; this isn't the report of a training for {task.value!r}"
        ) from error


def trained_input(recipe: BaseRecipe) -> InputSpec:
    """What the float network of ``recipe`` is fed on the device."""
    table = recipe.input
    views = table.model_dump(include={"margin", "second_look_below", "least_contrast"})  # of a classifier's crops
    return InputSpec(
        shape=(1, table.size, table.size, table.channels),
        dtype="float32",
        colour=table.colour,
        mean=table.mean,
        scale=table.scale,
        **views,
    )


def network_draft(quantized: QuantizedNetwork, pixels: NDArray[np.uint8]) -> NetworkDraft:
    """A bundle's part for ``quantized``; some of ``pixels`` ``(n, height, width, channels)`` become golden inputs."""
    golden = pixels[:: max(len(pixels) // GOLDEN_INPUTS, 1)][:GOLDEN_INPUTS]
    return NetworkDraft(
        model=quantized.model,
        input=quantized.input,
        outputs=quantized.outputs,
        macs=quantized.macs,
        golden=golden,
        golden_float=quantized.run_float(golden),
        conversion=conversion(quantized),
    )


def training(task: Task, card: Card, report: TrainingReport, bundle_arguments: str) -> Training:
    """What made a bundle: data, recipe, seed, and the two commands, of which the second takes ``bundle_arguments``."""
    name = task.value
    # A detector's recipe names its teacher's list itself; reports of earlier versions don't count the networks.
    at_least = int(isinstance(report.recipe.get("teacher"), dict))
    teacher = " --teacher TEACHER" * (at_least if report.teachers is None else report.teachers)
    initial = " --initial FIRST_RUN" * (bool(report.initial) if report.beginnings is None else report.beginnings)
    return Training(
        data=card.data,
        command=f"vigil-convert train {name} --data DATA --recipe RECIPE --out RUN{teacher}{initial} "
        f"--seed {report.seed}\nvigil-convert bundle {name} --checkpoint RUN {bundle_arguments} --out BUNDLE",
        seed=report.seed,
        recipe=report.recipe,
    )


def sample(pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """At most :data:`MAX_CHECKED` of ``pixels``, spread evenly."""
    return pixels[:: -(-len(pixels) // MAX_CHECKED) or 1]
