"""A bundle for emotion, eyes or gesture with a network that somebody else trained.

Needs Keras on the TensorFlow backend.
"""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import keras

from convert.bundle.card import Card, read_card
from convert.bundle.writer import BundleDraft
from convert.importing.classifier import ForeignInput, adapt_classifier
from convert.importing.drafts import convert_network
from convert.importing.errors import ForeignNetworkError
from convert.importing.keras_file import load_keras_file
from convert.importing.photos import read_crops
from convert.importing.saved_model import load_saved_model
from convert.quantize.report import format_report
from edge.inference import Task
from edge.inference.manifest import Training, TrainingData
from edge.perception.eyes import OPEN

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class ForeignClassifier:
    """A network in a file or folder ``source``, and what its maker has to tell about it."""

    task: Task
    source: Path
    labels: tuple[str, ...]
    fed: ForeignInput
    size: int | None = None
    card: Path | None = None

    def __post_init__(self) -> None:
        if len(set(self.labels)) != len(self.labels) or len(self.labels) < 2:
            raise ForeignNetworkError(f"labels: needs two or more that differ, received {list(self.labels)}")
        if self.task is Task.EYES and OPEN not in self.labels:
            raise ForeignNetworkError(f"labels: one must be {OPEN!r} for eyes, received {list(self.labels)}")


def draft_classifier(
    foreign: ForeignClassifier, pictures: Path, version: str, *, allow_slow_operations: bool = False
) -> BundleDraft:
    """The draft of its bundle; the folder ``pictures`` holds crops as the device cuts them, which set int8's ranges."""
    loaded = load_network(foreign.source)
    network, spec = adapt_classifier(loaded, foreign.labels, foreign.fed, foreign.size)
    network.name = foreign.task.value
    crops = read_crops(pictures, spec.shape[1], spec.colour)
    quantized, draft = convert_network(network, spec, crops, allow_slow_operations=allow_slow_operations)
    log.info("int8 against float:\n\n%s\n", format_report([quantized]))
    card = read_card(foreign.card) if foreign.card else _unknown(foreign)
    return BundleDraft(
        task=foreign.task,
        version=version,
        networks={foreign.task.value: draft},
        training=Training(data=card.data, command=_command(foreign), seed=0, recipe=_provenance(foreign)),
        card=card,
        labels=foreign.labels,
    )


def load_network(source: Path) -> keras.Model:
    """The network in a ``.keras`` or ``.h5`` file or in a SavedModel's folder."""
    return load_saved_model(source) if source.is_dir() else load_keras_file(source)


def _unknown(foreign: ForeignClassifier) -> Card:
    name = foreign.source.name
    return Card(
        title=f"{foreign.task.value.capitalize()}: imported from {name}",
        summary=f"A network that was not trained with Vigil, converted to int8 from `{name}`.",
        intended_use="What its maker meant it for; ask there.",
        limits=("Whoever imported it gave no card: its data, terms and errors are unknown.",),
        data=(TrainingData(name="unknown", terms="unknown: ask its maker before you use or pass it on"),),
    )


def _command(foreign: ForeignClassifier) -> str:
    return (
        f"vigil-convert import {foreign.task.value} {foreign.source.name} --labels {' '.join(foreign.labels)} "
        f"--colour {foreign.fed.colour} --mean {_words(foreign.fed.mean)} --scale {_words(foreign.fed.scale)} "
        "--pictures PICTURES --out OUT"
    )


def _words(values: Sequence[float]) -> str:
    return " ".join(map(str, values))


def _provenance(foreign: ForeignClassifier) -> dict[str, Any]:
    return {"source": foreign.source.name, "sha256": _digest(foreign.source)}


def _digest(source: Path) -> str:
    """SHA-256 of a file, or of a folder's files with their names, in order."""
    files = sorted(file for file in source.rglob("*") if file.is_file()) if source.is_dir() else [source]
    digest = hashlib.sha256()
    for file in files:
        if file != source:
            digest.update(file.relative_to(source).as_posix().encode())
        digest.update(file.read_bytes())
    return digest.hexdigest()
