"""The result of an evaluation as tables."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any


def format_result(result: dict[str, Any]) -> str:
    """What ``evaluate`` prints without ``--json``."""
    return "\n".join(_lines(result))


def _lines(result: dict[str, Any]) -> Iterator[str]:
    int8, floats = result["int8"], result["float"]
    yield f"{result['task']}: {result['bundle']} on {result['data']}, n = {result['n']}"
    yield ""
    yield f"{'':<12}{'int8':>10}" + (f"{'float':>10}" if floats else "")
    for name, value in int8.items():
        if isinstance(value, (int, float)) or value is None:
            yield f"{name:<12}{_number(value):>10}" + (f"{_number(floats[name]):>10}" if floats else "")
    if "per_class" in int8:
        yield from _classes(int8["per_class"])
        yield from _confusion(**int8["confusion"])


def _classes(per_class: dict[str, dict[str, Any]]) -> Iterator[str]:
    yield ""
    yield f"{'int8':<12}{'precision':>10}{'recall':>10}{'n':>8}"
    for label, row in per_class.items():
        yield f"{label:<12}{_number(row['precision']):>10}{_number(row['recall']):>10}{row['n']:>8}"


def _confusion(labels: list[str], matrix: list[list[int]]) -> Iterator[str]:
    width = max(9, *(len(label) for label in labels)) + 1
    yield ""
    yield f"{'true↓ int8→':<12}" + "".join(f"{label:>{width}}" for label in labels)
    for label, row in zip(labels, matrix, strict=True):
        if any(row):
            yield f"{label:<12}" + "".join(f"{count:>{width}}" for count in row)


def _number(value: float | int | None) -> str:
    if value is None:
        return "–"
    return f"{value:.4f}" if isinstance(value, float) else str(value)
