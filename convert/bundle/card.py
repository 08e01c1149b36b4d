"""A bundle's card, ``README.md``: what it is for, what it was made of, how good it is, where it ends."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from edge.inference.manifest import Manifest, Metrics, TrainingData

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib  # type: ignore[import-not-found]


class Card(BaseModel):
    """What a person has to say of a bundle; the figures come from the manifest."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    title: str
    summary: str
    intended_use: str
    limits: tuple[str, ...] = Field(min_length=1)
    data: tuple[TrainingData, ...] = Field(min_length=1)


def read_card(task: str) -> Card:
    """The card of ``task`` that comes with the program."""
    file = Path(__file__).with_name("cards") / f"{task}.toml"
    return Card.model_validate(tomllib.loads(file.read_text("utf-8")))


def format_card(card: Card, manifest: Manifest) -> str:
    """The card as Markdown."""
    sections = (
        f"# {card.title}",
        card.summary,
        "## Use",
        card.intended_use,
        "## Limits",
        "\n".join(f"- {limit}" for limit in card.limits),
        "## Networks",
        "\n".join(_network_lines(manifest)),
        "## Measured",
        "\n\n".join(_measured(metrics) for metrics in manifest.metrics) or "Not measured yet.",
        "## Data and terms",
        "\n".join(["| data | terms |", "|---|---|", *(f"| {data.name} | {data.terms} |" for data in card.data)]),
        "## Made by",
        f"```\n{manifest.training.command}\n```\n\nSeed {manifest.training.seed}, version {manifest.version}. "
        f"`manifest.json` holds the recipe and the SHA-256 of every file; `golden.npz` holds inputs and outputs by "
        f"which `vigil models verify` checks a device.",
    )
    return "\n\n".join(sections) + "\n"


def _network_lines(manifest: Manifest) -> Iterator[str]:
    yield "| file | input | outputs | MMAC |"
    yield "|---|---|---|---|"
    for spec in manifest.networks.values():
        _, height, width, _ = spec.input.shape
        yield (
            f"| `{spec.file}` | {height}×{width} {spec.input.colour}, {spec.input.dtype} | "
            f"{', '.join(f'`{name}`' for name in spec.outputs)} | {spec.macs / 1e6:.2f} |"
        )
    if manifest.labels:
        yield f"\nLabels, in this order: {', '.join(manifest.labels)}."


def _measured(metrics: Metrics) -> str:
    """A table of the plain figures; tables of tables stay in the manifest."""
    flat = {name: value for name, value in metrics.int8.items() if isinstance(value, (int, float))}
    lines = [f"On {metrics.data} ({metrics.n}):", "", "| figure | int8 | float |", "|---|---|---|"]
    lines += [
        f"| {name} | {_number(value)} | {_number((metrics.float or {}).get(name))} |" for name, value in flat.items()
    ]
    per_class = metrics.int8.get("per_class")
    if isinstance(per_class, dict):
        lines += ["", "| class | precision | recall | n |", "|---|---|---|---|"]
        lines += [
            f"| {label} | {_number(row.get('precision'))} | {_number(row.get('recall'))} | {row.get('n', '–')} |"
            for label, row in per_class.items()
        ]
    return "\n".join(lines)


def _number(value: Any) -> str:
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return "–"
    return f"{value:.4f}" if isinstance(value, float) else str(value)
