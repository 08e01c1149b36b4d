"""From an embedder's checkpoint to its bundle's draft.

Needs Keras on the TensorFlow backend.
"""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any

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
from convert.data.groups import GROUPS
from convert.evaluate.embedding import EMBEDDING
from convert.quantize.quantize import quantize
from convert.quantize.report import format_report
from convert.training.identity.pairs import pair_figures, strict_threshold
from convert.training.identity.prepare import prepare_people
from convert.training.identity.recipe import IdentityRecipe
from edge.inference import Task
from edge.inference.manifest import Metrics

SAME_PERSON = "same_person"
"""The threshold's name: two faces are of one person from this cosine on, at a FAR of 1e-3 among those who validate."""

log = logging.getLogger(__name__)


def build_identity(
    checkpoint: Path, data: Path, version: str, options: Options, card: Card | None = None
) -> BundleDraft:
    """The draft of a bundle for identity, calibrated and measured on the people in the folder ``data``.

    The figures are those of pairs of people who validate, or of photos that do.
    """
    task = Task.IDENTITY
    report = read_report(checkpoint)
    recipe = checked_recipe(IdentityRecipe, checkpoint, task, report)
    (file,) = network_files(checkpoint, task).values()
    network = load_network(file)
    spec = trained_input(recipe)
    check_network(file, network, spec, {EMBEDDING: recipe.network.dimensions})
    prepared = prepare_people(recipe, data, report.seed, most=CALIBRATION_CROPS)
    validation = prepared.validation
    quantized = quantize(
        network,
        spec,
        prepared.device_crops(CALIBRATION_CROPS, recipe.input.size, report.seed),
        sample(validation.images),
        allow_slow_operations=options.allow_slow_operations,
    )
    pairs = prepared.pairs

    def figures(embeddings: NDArray[np.float32]) -> dict[str, Any]:
        return pair_figures(embeddings, pairs)

    embeddings = quantized.run(validation.images)[EMBEDDING]
    metrics = Metrics(
        data=_judged_by(recipe),
        n=len(pairs),
        float=figures(quantized.run_float(validation.images)[EMBEDDING]),
        int8=figures(embeddings),
    )
    log.info("int8 against float:\n\n%s\n", format_report([quantized], [metrics]))
    card = card or shipped_card(task.value)
    return BundleDraft(
        task=task,
        version=version,
        networks={task.value: network_draft(quantized, validation.images)},
        training=training(task, card, report, f"--data DATA{options.arguments()}"),
        card=card,
        thresholds={SAME_PERSON: round(strict_threshold(embeddings, validation.targets), 4)},
        metrics=(metrics,),
    )


def _judged_by(recipe: IdentityRecipe) -> str:
    if recipe.people.folds:
        return f"pairs of people held out, folds {', '.join(map(str, recipe.people.folds))} of {recipe.people.pairs}"
    return "people held out" if recipe.people.split == GROUPS else "photos held out, of people who trained"
