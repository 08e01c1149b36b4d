"""The figures of a result in words: what each is called, and how it was taken."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

NAMES = {
    "accuracy": "accuracy",
    "standard_error": "standard error over the folds",
    "balanced_accuracy": "balanced accuracy",
    "recall": "recall",
    "precision": "precision",
    "average_precision": "average precision",
    "nme": "landmark error, mean NME",
    "nme_median": "landmark error, median NME",
    "nme_failures": "landmarks off by more than 0.1",
    "auc": "area under the ROC",
    "equal_error": "equal error rate",
    "tar_at_far_1e-3": "TAR at FAR 0.001",
    "ece": "calibration error (ECE)",
    "log_loss": "log loss",
    "threshold": "threshold",
    "annotated": "annotated objects",
    "found": "finds",
    "matched": "right finds",
    "ignored": "finds on ignored regions",
    "pictures": "pictures",
    "pictures_annotated_completely": "pictures annotated completely",
    "same": "pairs of one person",
    "different": "pairs of two people",
    "photos": "photos",
    "unaligned": "photos without a face found",
}
"""The plain figures in the order in which they are shown."""

IF_ANNOTATED = ("nme", "nme_median", "nme_failures")
"""Figures that aren't shown where the data have nothing to take them from."""

METHODS = {
    "accuracy_interval": "The 95 % interval of a share is Wilson's (1927): how far n cases can be trusted.",
    "balanced_accuracy": "Balanced accuracy is the mean of the classes' recalls.",
    "log_loss": "ROC and AUC tell each class from all others by its probability; overall, the mean over the classes.",
    "ece": "The calibration error is the mean distance of confidence and accuracy over 15 equally wide bins of "
    "confidence, weighted by their counts (Guo et al., 2017), at the bundle's temperature.",
    "precision": "Recall and precision are taken at the bundle's own thresholds, at an IoU of 0.5 where none is named.",
    "average_precision": "Average precision follows WIDER FACE (Yang et al., 2016): IoU of at least 0.5; a find "
    "belongs to what it overlaps most; a second find of one object is false; ignored regions count neither way; the "
    "area is that under the whole curve. Every score is a threshold, where WIDER's tool samples 1,000. Only the last "
    "stage's threshold moves.",
    "nme": "The landmark error (NME) is the mean distance of the five points, in distances between the true eyes, of "
    "the objects that were found.",
    "standard_error": "Accuracy on pairs follows LFW (Huang et al., 2007): each fold is judged with the threshold "
    "that is best on all other folds.",
    "equal_error": "ROC and AUC tell one person from two by the cosine of the embeddings; at the equal error rate as "
    "many pairs of one person are refused as pairs of two are let in.",
    "tar_at_far_1e-3": "TAR at FAR 0.001 is the share of pairs of one person let in by the threshold that takes at "
    "most a thousandth of the pairs of two people for one.",
}
"""How the figures are taken, by the figure that a result must have for the sentence to apply."""


def notes(result: dict[str, Any]) -> Iterator[str]:
    """What a reader should know of the data and the figures of ``result``, in whole sentences."""
    figures = result["int8"]
    if figures["taken"] < figures["available"]:
        yield f"Judged on {figures['taken']:,} of {figures['available']:,} {figures['unit']}, taken evenly (--limit)."
    if figures["skipped"]:
        lost = f", and with them {figures['taken'] - result['n']:,} pairs" if figures["unit"] == "pairs" else ""
        yield f"Skipped, since they can't be read: {len(figures['skipped']):,} pictures{lost}. Each is named below."
    if "calibration" in figures:
        yield _temperature(figures["calibration"])
    if incomplete := figures.get("pictures", 0) - figures.get("pictures_annotated_completely", 0):
        yield (
            f"{incomplete:,} of {figures['pictures']:,} pictures may show objects without annotation; what is found "
            "there counts as false, so precision and average precision are lower bounds."
        )
    if figures.get("unaligned"):
        yield f"In {figures['unaligned']:,} of {figures['photos']:,} photos no face was found: their middle was taken."
    if 0 < figures.get("different", 0) < 10_000:
        yield (
            f"With {figures['different']:,} pairs of two people, a FAR of 0.001 lets in at most "
            f"{figures['different'] // 1000}: TAR at FAR 0.001 is coarse."
        )


def _temperature(calibration: dict[str, Any]) -> str:
    refitted = calibration["ece_refitted"]
    return (
        f"At the bundle's temperature {calibration['temperature']:g} the calibration error is "
        f"{calibration['ece']:.4f}, at 1 it is {calibration['ece_at_1']:.4f}. These data would choose "
        f"{calibration['temperature_of_these_data']:g}"
        + (f" and reach {refitted:.4f} (fitted on one half, measured on the other)." if refitted is not None else ".")
    )


def number(value: Any) -> str:
    """A figure as it is shown: four digits after the point, whole numbers by thousands, a dash for None."""
    if value is None:
        return "–"
    return f"{value:.4f}" if isinstance(value, float) else f"{value:,}"


def span(interval: list[float] | None) -> str:
    """An interval as it is shown."""
    return "–" if interval is None else f"{interval[0]:.3f}–{interval[1]:.3f}"
