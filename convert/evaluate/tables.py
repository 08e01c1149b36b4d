"""A result as tables, for the terminal and for the report."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from convert.evaluate.words import IF_ANNOTATED, NAMES, number, span

Figures = dict[str, Any]


@dataclass(frozen=True)
class Table:
    """``header`` and ``rows`` as they are shown; the first column holds names, the others numbers."""

    title: str
    header: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


def tables(result: dict[str, Any]) -> Iterator[Table]:
    """The tables of ``result``, less the confusion matrix."""
    int8, floats = result["int8"], result["float"]
    yield _summary(int8, floats)
    if "per_class" in int8:
        yield _classes(int8["per_class"], floats["per_class"] if floats else None)
    if "over_iou" in int8:
        yield _over_iou(int8["over_iou"])
        yield _by_size(int8["by_size"])
    if "folds" in int8:
        yield _folds(int8["folds"])


def confusion(figures: Figures) -> Table | None:
    """The confusion matrix, without the classes that neither occur nor were found."""
    if "confusion" not in figures:
        return None
    labels, matrix = figures["confusion"]["labels"], figures["confusion"]["matrix"]
    shown = [i for i in range(len(labels)) if any(matrix[i]) or any(row[i] for row in matrix)]
    return Table(
        "Confusion matrix",
        ("true ↓ found →", *(labels[i] for i in shown)),
        tuple((labels[i], *(str(matrix[i][j]) for j in shown)) for i in shown),
    )


def compared(int8: Figures, floats: Figures | None) -> Iterator[tuple[str, ...]]:
    """Rows of name, int8 figure and, with ``floats``, float figure and change, of the figures that both have."""
    for key, name in NAMES.items():
        value = int8.get(key)
        if value is not None or (key in int8 and key not in IF_ANNOTATED):
            yield (name, number(value), *(against(value, floats.get(key)) if floats else ()))


def _summary(int8: Figures, floats: Figures | None) -> Table:
    rows = list(compared(int8, floats))
    interval = int8.get("accuracy_interval", int8.get("recall_interval"))
    other = (floats.get("accuracy_interval", floats.get("recall_interval")),) if floats else ()
    rows.insert(1, ("  95 % interval", span(interval), *(cell for value in other for cell in (span(value), ""))))
    return Table("Overall", ("", "int8", *(("float", "change") if floats else ())), tuple(rows))


def _classes(int8: dict[str, Figures], floats: dict[str, Figures] | None) -> Table:
    header = ("class", "n", "precision", "recall", "AUC", *(("float recall", "change") if floats else ()))
    return Table(
        "Classes",
        header,
        tuple(
            (
                label,
                number(row["n"]),
                number(row["precision"]),
                number(row["recall"]),
                number(row["auc"]),
                *(against(row["recall"], floats[label]["recall"]) if floats else ()),
            )
            for label, row in int8.items()
        ),
    )


def _over_iou(curves: dict[str, list[Any]]) -> Table:
    rows = zip(curves["iou"], curves["recall"], curves["precision"], strict=True)
    return Table(
        "Over the least IoU",
        ("IoU", "recall", "precision"),
        tuple((f"{iou:.2f}", number(recall), number(precision)) for iou, recall, precision in rows),
    )


def _by_size(sizes: list[Figures]) -> Table:
    return Table(
        "By size",
        ("longer side", "n", "recall"),
        tuple((_size(row), number(row["n"]), number(row["recall"])) for row in sizes),
    )


def _size(row: Figures) -> str:
    return f"{row['from_px']}–{row['to_px']} px" if row["to_px"] else f"from {row['from_px']} px"


def _folds(folds: list[Figures]) -> Table:
    return Table(
        "Folds",
        ("fold", "accuracy", "threshold"),
        tuple((str(i), number(row["accuracy"]), number(row["threshold"])) for i, row in enumerate(folds, 1)),
    )


def against(value: Any, other: Any) -> tuple[str, str]:
    """The cells for a float figure: itself, and how much int8 changes it (counts aren't compared)."""
    change = f"{value - other:+.4f}" if isinstance(value, float) and isinstance(other, float) else ""
    return number(other), change
