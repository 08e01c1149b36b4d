"""The curves of a result as PNG pictures."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from convert.evaluate.roc import STRICTEST_RATE

Figures = dict[str, Any]

COLOURS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#7f3c8d", "#666666", "#a5aa00", "#c0392b")
"""Okabe and Ito's colours, which the colour-blind tell apart but for the yellow, and three more."""

INK, FAINT = "#24303d", "#d9dfe6"
INCHES, DPI = (5.2, 4.2), 160


class Plot(NamedTuple):
    """``png``, what it shows, and the name of its file."""

    name: str
    caption: str
    png: bytes


def plots(result: dict[str, Any]) -> Iterator[Plot]:
    """The plots of ``result``: those for which it has curves."""
    int8, floats = result["int8"], result["float"]
    for keys, name, caption, draw in _PLOTS:
        if all(int8.get(key) for key in keys):
            yield Plot(name, caption, _png(draw, int8, floats))


def _png(draw: Callable[[Axes, Figures, Figures | None], None], int8: Figures, floats: Figures | None) -> bytes:
    figure = Figure(figsize=INCHES, dpi=DPI, layout="constrained")
    axes = figure.add_subplot()
    _plain(axes)
    draw(axes, int8, floats)
    content = io.BytesIO()
    # Without matplotlib's version in it, the same figures give the same bytes.
    figure.savefig(content, format="png", metadata={"Software": None})
    return content.getvalue()


def _plain(axes: Axes) -> None:
    """Axes on two sides only, over a faint grid."""
    axes.set_axisbelow(True)
    axes.grid(color=FAINT, linewidth=0.8)
    axes.spines[["top", "right"]].set_visible(False)
    axes.spines[["left", "bottom"]].set_color(FAINT)
    axes.tick_params(colors=INK, labelsize=9, length=0)


def _name(axes: Axes, x: str, y: str) -> None:
    axes.set_xlabel(x, color=INK, fontsize=10)
    axes.set_ylabel(y, color=INK, fontsize=10)
    axes.legend(loc="best", fontsize=8.5, frameon=True, framealpha=0.9, edgecolor="none", labelcolor=INK)


def _unit_square(axes: Axes) -> None:
    axes.set_xlim(-0.01, 1.01)
    axes.set_ylim(-0.01, 1.01)


def _confusion(axes: Axes, int8: Figures, floats: Figures | None) -> None:
    labels, counts = int8["confusion"]["labels"], np.array(int8["confusion"]["matrix"])
    shares = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    axes.grid(visible=False)
    axes.imshow(shares, cmap="Blues", vmin=0, vmax=1)
    for (row, column), share in np.ndenumerate(shares):
        if counts[row, column]:
            colour = "white" if share > 0.5 else INK
            axes.text(column, row, f"{counts[row, column]}", ha="center", va="center", color=colour, fontsize=8.5)
    axes.set_xticks(range(len(labels)), labels, rotation=35, ha="right")
    axes.set_yticks(range(len(labels)), labels)
    axes.set_xlabel("found", color=INK, fontsize=10)
    axes.set_ylabel("true", color=INK, fontsize=10)


def _roc(axes: Axes, int8: Figures, floats: Figures | None) -> None:
    for colour, (label, curve) in zip(_colours(), int8["roc"].items(), strict=False):
        auc = int8["per_class"].get(label, {}).get("auc")
        name = label if auc is None else f"{label} ({auc:.3f})"
        axes.plot(curve["fpr"], curve["tpr"], color=colour, linewidth=1.8, label=name)
    axes.plot([0, 1], [0, 1], color=INK, linewidth=0.8, linestyle=":")
    _unit_square(axes)
    _name(axes, "false positive rate", "true positive rate")


def _reliability(axes: Axes, int8: Figures, floats: Figures | None) -> None:
    bins = int8["calibration"]["bins"]
    share = np.array(bins["n"]) / sum(bins["n"])
    axes.bar(bins["confidence"], share, width=0.03, color=COLOURS[5], alpha=0.35, label="share of answers")
    axes.plot([0, 1], [0, 1], color=INK, linewidth=0.8, linestyle=":", label="honest")
    _both(axes, int8, floats, lambda figures: _line(figures["calibration"]["bins"], "confidence", "accuracy"), "o")
    _unit_square(axes)
    _name(axes, "confidence", "accuracy")


def _precision_recall(axes: Axes, int8: Figures, floats: Figures | None) -> None:
    _both(axes, int8, floats, lambda figures: _line(figures["precision_recall"], "recall", "precision"))
    axes.plot([int8["recall"]], [int8["precision"]], "o", color=COLOURS[1], label="at the bundle's threshold")
    _unit_square(axes)
    _name(axes, "recall", "precision")


def _over_iou(axes: Axes, int8: Figures, floats: Figures | None) -> None:
    for colour, key in zip(COLOURS, ("recall", "precision"), strict=False):
        axes.plot(int8["over_iou"]["iou"], int8["over_iou"][key], color=colour, linewidth=1.8, label=key)
        if floats:
            line = floats["over_iou"]
            axes.plot(line["iou"], line[key], color=colour, linewidth=1.2, linestyle="--", label=f"{key}, float")
    axes.set_ylim(-0.01, 1.01)
    _name(axes, "least IoU", "share")


def _landmarks(axes: Axes, int8: Figures, floats: Figures | None) -> None:
    _both(axes, int8, floats, lambda figures: _line(figures["landmark_errors"], "error", "share"))
    axes.set_xlim(0, 0.3)
    axes.set_ylim(-0.01, 1.01)
    _name(axes, "landmark error (NME)", "share of found faces at or below it")


def _verification(axes: Axes, int8: Figures, floats: Figures | None) -> None:
    _both(axes, int8, floats, lambda figures: _line(figures["roc"], "fpr", "tpr"))
    axes.axvline(1e-3, color=INK, linewidth=0.8, linestyle=":")
    axes.set_xscale("log")
    axes.set_xlim(STRICTEST_RATE, 1)
    axes.set_ylim(-0.01, 1.01)
    _name(axes, "false accept rate (FAR)", "true accept rate (TAR)")


def _similarity(axes: Axes, int8: Figures, floats: Figures | None) -> None:
    edges = np.array(int8["similarity"]["edges"])
    for colour, key, name in ((COLOURS[1], "different", "two people"), (COLOURS[0], "same", "one person")):
        counts = int8["similarity"][key]
        axes.bar(edges[:-1], counts, np.diff(edges), align="edge", color=colour, alpha=0.6, label=name)
    axes.axvline(int8["threshold"], color=INK, linewidth=1, linestyle="--", label="mean threshold")
    _name(axes, "similarity (cosine)", "pairs")


Line = tuple[list[float], list[float]]


def _line(curve: dict[str, list[float]], x: str, y: str) -> Line:
    return curve[x], curve[y]


def _both(axes: Axes, int8: Figures, floats: Figures | None, line: Callable[[Figures], Line], marker: str = "") -> None:
    """The curve of the int8 network, and that of the float one below it."""
    if floats:
        axes.plot(*line(floats), color=COLOURS[4], linewidth=1.6, linestyle="--", marker=marker, ms=4, label="float")
    axes.plot(*line(int8), color=COLOURS[0], linewidth=1.8, marker=marker, markersize=4, label="int8")


def _colours() -> Iterator[str]:
    while True:
        yield from COLOURS


_PLOTS: tuple[tuple[tuple[str, ...], str, str, Callable[[Axes, Figures, Figures | None], None]], ...] = (
    (("confusion",), "confusion", "Confusion matrix: counts; the shade is the share of the true class.", _confusion),
    (("per_class", "roc"), "roc", "ROC of each class against all others; in brackets the area under it.", _roc),
    (
        ("calibration",),
        "calibration",
        "Reliability: how often an answer is right, by how sure the network is.",
        _reliability,
    ),
    (
        ("precision_recall",),
        "precision_recall",
        "Precision against recall as the last threshold moves.",
        _precision_recall,
    ),
    (("over_iou",), "over_iou", "Recall and precision, if a find must be as near as this.", _over_iou),
    (("landmark_errors",), "landmarks", "Landmarks: the share of found faces with at most this error.", _landmarks),
    (("folds", "roc"), "roc", "ROC; the dotted line is a FAR of 0.001.", _verification),
    (("similarity",), "similarity", "Similarity of pairs of one person and of two.", _similarity),
)
"""What a result must have for a plot, the plot's name and caption, and what draws it."""
