"""What the drafts of all bundles have in common."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from convert.bundle.card import Card
from convert.bundle.checkpoint import TrainingReport
from convert.bundle.writer import NetworkDraft
from convert.quantize.quantize import QuantizedNetwork
from convert.quantize.report import conversion
from edge.inference import Task
from edge.inference.manifest import Training

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
        tuning = f" --fine-tune {self.fine_tune}" if self.fine_tune != default.fine_tune else ""
        epochs = f" --fine-tune-epochs {self.fine_tune_epochs}" if self.fine_tune_epochs != 2 else ""
        return tuning + epochs + (" --allow-slow-operations" if self.allow_slow_operations else "")


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
    return Training(
        data=card.data,
        command=f"vigil-convert train {name} --data DATA --recipe convert/recipes/{name}.toml --out RUN "
        f"--seed {report.seed}\nvigil-convert bundle {name} --checkpoint RUN {bundle_arguments} --out BUNDLE",
        seed=report.seed,
        recipe=report.recipe,
    )


def sample(pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """At most :data:`MAX_CHECKED` of ``pixels``, spread evenly."""
    return pixels[:: -(-len(pixels) // MAX_CHECKED) or 1]
