"""Judges a detector's bundle on annotated pictures."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from convert.data.scenes import Scene
from convert.evaluate.average_precision import precision_recall
from convert.evaluate.detection import FALSE, IGNORED, Finds, normalised_mean_error
from convert.evaluate.figures import curve, interval, mean, ratio, rounded
from convert.evaluate.progress import Coverage, progress, spread
from edge.errors import InputError
from edge.inference import Bundle
from edge.values import Image
from edge.vision import cascade, single_shot
from edge.vision.boxes import Boxes, from_values
from edge.vision.exposure import frame_in_light
from edge.vision.stages import NetworkFactory

SWEPT_SCORE = 0.05
"""The last threshold while a detector is judged: its curve of precision and recall starts here.  What lies above the
bundle's own threshold is the same as with that one, as a weaker find never removes a stronger."""

IOUS = tuple(round(0.3 + 0.05 * step, 2) for step in range(14))
"""From 0.3 to 0.95: how near a find must be to count."""

SIZES_PX = (0, 20, 40, 80, 160, 320)
"""The recall is told apart by the longer side of the annotated box, from each of these to the next."""

FAILED_NME = 0.1
"""Landmarks that are farther off than a tenth of the eyes' distance have failed (as in the 300-W challenge)."""


@dataclass(frozen=True)
class JudgedScene:
    """A scene and what was found in it above :data:`SWEPT_SCORE`."""

    scene: Scene
    finds: Finds


@dataclass
class DetectionRun:
    """All scenes that could be read, and what is known of the others; ``threshold`` is the bundle's last one."""

    threshold: float
    coverage: Coverage
    judged: list[JudgedScene] = field(default_factory=list)

    @property
    def annotated(self) -> int:
        """How many objects are annotated in the scenes that could be read."""
        return sum(len(judged.scene.boxes) for judged in self.judged)


@dataclass(frozen=True)
class SweptDetector:
    """A bundle's detector with its last threshold at :data:`SWEPT_SCORE`; the bundle's own is ``threshold``.

    ``detect`` gives of a BGR image boxes ``(n, 4)``, scores ``(n,)`` and landmarks ``(n, 5, 2)``, best first.
    """

    threshold: float
    detect: Callable[[Image], tuple[Boxes, NDArray[np.float32], NDArray[np.float32]]]


def swept_detector(bundle: Bundle, networks: NetworkFactory, min_size_px: float) -> SweptDetector:
    """The detector of ``bundle`` that runs its ``networks``, in the device's light; one network's points are zeros."""
    if bundle.manifest.is_single_shot:
        limits = single_shot.Thresholds.of(bundle)
        swept = replace(limits, score=SWEPT_SCORE, expected=SWEPT_SCORE)
        single = single_shot.SingleShot(networks, swept, min_size_px, confirmed=bundle.manifest.is_confirmed)
        return SweptDetector(limits.score, lambda image: _without_landmarks(single.detect(frame_in_light(image))))
    thresholds = cascade.Thresholds.of(bundle)
    three = cascade.Cascade(networks, replace(thresholds, onet=SWEPT_SCORE), min_size_px)
    return SweptDetector(thresholds.onet, lambda image: _with_landmarks(three.detect(frame_in_light(image))))


def _with_landmarks(
    found: Sequence[cascade.Detection],
) -> tuple[Boxes, NDArray[np.float32], NDArray[np.float32]]:
    boxes, scores, _ = _without_landmarks(found)
    return boxes, scores, np.array([find.landmarks for find in found], np.float32).reshape(-1, 5, 2)


def _without_landmarks(
    found: Sequence[cascade.Detection | single_shot.Found],
) -> tuple[Boxes, NDArray[np.float32], NDArray[np.float32]]:
    scores = np.array([find.score for find in found], np.float32)
    return from_values([find.box for find in found]), scores, np.zeros((len(found), 5, 2), np.float32)


def search(detector: SweptDetector, scenes: Sequence[Scene], limit: int | None = None) -> DetectionRun:
    """Search the scenes, or ``limit`` of them."""
    chosen = spread(scenes, limit)
    run = DetectionRun(detector.threshold, Coverage("pictures", len(scenes), len(chosen)))
    for scene in progress(chosen, "pictures"):
        try:
            image = scene.read()
        except InputError as error:
            run.coverage.skip(error)
            continue
        boxes, scores, points = detector.detect(image)
        run.judged.append(JudgedScene(scene, Finds.of(boxes, scores, points, scene.boxes, scene.unsure)))
    return run


def detection_figures(run: DetectionRun) -> dict[str, Any]:
    """Recall, precision and landmark error at the bundle's threshold, and the curves.

    ``precision`` is of all finds: a lower bound where pictures aren't annotated completely.
    """
    accepted = [judged.finds.above(run.threshold) for judged in run.judged]
    matches = [finds.matches() for finds in accepted]
    matched = sum(int((found >= 0).sum()) for found in matches)
    counted = sum(int((found != IGNORED).sum()) for found in matches)
    errors = np.sort(landmark_errors(run))
    swept = precision_recall([judged.finds for judged in run.judged], run.annotated)
    return {
        "recall": ratio(matched, run.annotated),
        "recall_interval": interval(matched, run.annotated),
        "precision": ratio(matched, counted),
        "nme": mean(errors),
        "nme_median": rounded(float(np.median(errors))) if len(errors) else None,
        "nme_failures": mean(np.asarray(errors > FAILED_NME, float)),
        "average_precision": rounded(swept.average_precision) if swept else None,
        "annotated": run.annotated,
        "found": counted,
        "matched": matched,
        "ignored": sum(int((found == IGNORED).sum()) for found in matches),
        "pictures": len(run.judged),
        "pictures_annotated_completely": sum(judged.scene.complete for judged in run.judged),
        "threshold": run.threshold,
        "over_iou": _over_iou(accepted, run.annotated),
        "precision_recall": swept.figures() if swept else None,
        "by_size": _by_size(run, matches),
        "landmark_errors": _distribution(errors),
        **run.coverage.figures(),
    }


def landmark_errors(run: DetectionRun) -> list[float]:
    """The normalised mean error of each object that was found at the bundle's threshold and has landmarks."""
    errors = []
    for judged in run.judged:
        true = judged.scene.landmarks
        if true is not None:
            finds = judged.finds.above(run.threshold)
            errors += [
                normalised_mean_error(finds.points[i], true[j])
                for i, j in matched_pairs(finds)
                if np.any(true[j][0] != true[j][1])  # some lists give points that they don't know as zeros
            ]
    return errors


def matched_pairs(finds: Finds) -> list[tuple[int, int]]:
    """Pairs (find, annotation) of what was found."""
    return [(index, int(true)) for index, true in enumerate(finds.matches()) if true > FALSE]


def _over_iou(accepted: Sequence[Finds], annotated: int) -> dict[str, list[Any]]:
    """Recall and precision at the bundle's threshold, if finds must be as near as each of :data:`IOUS`."""
    recall, precision = [], []
    for least in IOUS:
        found = np.concatenate([np.zeros(0, np.intp), *(finds.matches(least) for finds in accepted)])
        matched = int((found > FALSE).sum())
        recall.append(ratio(matched, annotated))
        precision.append(ratio(matched, int((found != IGNORED).sum())))
    return {"iou": list(IOUS), "recall": recall, "precision": precision}


def _by_size(run: DetectionRun, matches: Sequence[np.ndarray]) -> list[dict[str, Any]]:
    """The recall of objects by the longer side of their box."""
    sizes, found = [np.zeros(0)], [np.zeros(0, bool)]
    for judged, found_here in zip(run.judged, matches, strict=True):
        sizes.append(longer_sides(judged.scene.boxes))
        found.append(np.isin(np.arange(len(judged.scene.boxes)), found_here))
    bins = np.digitize(np.concatenate(sizes), SIZES_PX) - 1
    right = np.concatenate(found)
    return [
        {
            "from_px": SIZES_PX[index],
            "to_px": SIZES_PX[index + 1] if index + 1 < len(SIZES_PX) else None,
            "recall": mean(np.asarray(right[bins == index], float)),
            "n": int((bins == index).sum()),
        }
        for index in range(len(SIZES_PX))
        if (bins == index).any()
    ]


def longer_sides(boxes: Boxes) -> np.ndarray:
    """``(n,)`` in pixels."""
    return np.max(boxes[:, 2:] - boxes[:, :2], axis=1) if len(boxes) else np.zeros(0)


def _distribution(errors: np.ndarray) -> dict[str, list[float]] | None:
    """The share of found objects whose landmarks are off by at most each error."""
    if not len(errors):
        return None
    return curve(error=errors, share=np.arange(1, len(errors) + 1) / len(errors))
