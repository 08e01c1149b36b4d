"""A bundle's card, ``README.md``: what it is for, what it was made of, how good it is, where it ends."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from convert.toml_file import read_toml
from edge.errors import ConfigError
from edge.inference.manifest import Conversion, Manifest, Metrics, TrainingData


class CardError(ConfigError):
    """A card can't be read, or lacks something."""


class Card(BaseModel):
    """What a person has to say of a bundle; the figures come from the manifest."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    title: str
    summary: str
    intended_use: str
    limits: tuple[str, ...] = Field(min_length=1)
    data: tuple[TrainingData, ...] = Field(min_length=1)


def shipped_card(*names: str) -> Card:
    """The first card of those ``names``, of data sets or tasks, that comes with the program."""
    folder = Path(__file__).with_name("cards")
    return read_card(next(file for name in names if (file := folder / f"{name}.toml").is_file()))


def read_card(file: Path) -> Card:
    """The card in a TOML file.

    Raises:
        CardError: naming file, key and rule.
    """
    return read_toml(file, Card, CardError, "card")


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
        "## int8 against float",
        _conversions(manifest) or "Not recorded.",
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
        twice = ", its mirror image too where it is unsure" if spec.input.second_look_below else ""
        brighter = ", brightened in the dark" if spec.input.least_contrast else ""
        yield (
            f"| `{spec.file}` | {height}×{width} {spec.input.colour}{brighter}{twice}, {spec.input.dtype} | "
            f"{', '.join(f'`{name}`' for name in spec.outputs)} | {spec.macs / 1e6:.2f} |"
        )
    if manifest.labels:
        yield f"\nLabels, in this order: {', '.join(manifest.labels)}."


def _conversions(manifest: Manifest) -> str:
    """How each network became int8, and how far its outputs are from the float network's."""
    if not manifest.conversions:
        return ""
    lines = ["| network | made by | calibrated on | KiB | float KiB | operations |", "|---|---|---|---|---|---|"]
    for name, conversion in manifest.conversions.items():
        lines.append(
            f"| {name} | {_METHODS[conversion.method]} | {conversion.calibration_inputs} training inputs | "
            f"{conversion.int8_bytes / 1024:.0f} | {conversion.float_bytes / 1024:.0f} | {_operations(conversion)} |"
        )
    lines += ["", "| output | inputs | max error | mean error | share of spread | cosine | same choice |"]
    lines += ["|---|---|---|---|---|---|---|"]
    lines += [
        f"| {name}/{output} | {conversion.checked_inputs} | {parity.largest_error:.4f} | {parity.mean_error:.4f} | "
        f"{parity.relative_error:.2%} | {parity.cosine:.5f} | {parity.same_choice:.2%} |"
        for name, conversion in manifest.conversions.items()
        for output, parity in conversion.parity.items()
    ]
    return "\n".join(lines)


_METHODS = {"post-training": "calibration", "quantization-aware": "fine-tuning for int8"}


def _operations(conversion: Conversion) -> str:
    if not conversion.slow_operations:
        return f"{sum(conversion.operations.values())}, all by XNNPACK"
    slow = ", ".join(f"{number} {name}" for name, number in conversion.slow_operations.items())
    return f"{sum(conversion.operations.values())} by XNNPACK, **slow: {slow}**"


def _measured(metrics: Metrics) -> str:
    """A table of the plain figures; tables of tables stay in the manifest."""
    flat = {name: value for name, value in metrics.int8.items() if isinstance(value, (int, float))}
    lines = [f"On {metrics.data} ({metrics.n}):", "", "| figure | int8 | float |", "|---|---|---|"]
    lines += [
        f"| {name} | {_number(value)} | {_number((metrics.float or {}).get(name))} |" for name, value in flat.items()
    ]
    per_class = metrics.int8.get("per_class")
    if isinstance(per_class, dict):
        floats = (metrics.float or {}).get("per_class", {})
        lines += ["", "| class | n | precision | recall | float recall | change |", "|---|---|---|---|---|---|"]
        lines += [
            f"| {label} | {row.get('n', '–')} | {_number(row.get('precision'))} | {_number(row.get('recall'))} | "
            f"{_number(floats.get(label, {}).get('recall'))} | {_change(row, floats.get(label, {}))} |"
            for label, row in per_class.items()
        ]
    return "\n".join(lines)


def _change(int8: dict[str, Any], floats: dict[str, Any]) -> str:
    """The recall that int8 wins or costs, in percentage points."""
    before, after = floats.get("recall"), int8.get("recall")
    return "–" if before is None or after is None else f"{100 * (after - before):+.2f}"


def _number(value: Any) -> str:
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return "–"
    return f"{value:.4f}" if isinstance(value, float) else str(value)
