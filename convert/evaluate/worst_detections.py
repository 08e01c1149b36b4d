"""What a detector missed, found wrongly, or placed badly, as pictures."""

from __future__ import annotations

from collections.abc import Iterable
from heapq import nlargest
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from convert.data.scenes import Scene
from convert.evaluate.detection import FALSE, normalised_mean_error
from convert.evaluate.detectors import DetectionRun, JudgedScene, longer_sides, matched_pairs
from convert.evaluate.mistakes import GREEN, RED, Mistake, MistakeGroup, View
from edge.values import Box


class _Candidate(NamedTuple):
    """A mistake before its picture is read: the greater ``badness``, the worse."""

    badness: float
    scene: Scene
    found: NDArray[np.float32]
    true: NDArray[np.float32]


def worst_detections(run: DetectionRun, number: int) -> list[MistakeGroup]:
    """The ``number`` largest objects missed, surest false finds, and worst landmarks."""
    groups = [
        _group(
            "Missed",
            "Annotated objects that were not found, the largest first. Green: the annotation.",
            "{:.0f} px",
            (candidate for judged in run.judged for candidate in _missed(judged, run.threshold)),
            number,
        ),
        _group(
            "False finds",
            "What was found where nothing is annotated, the surest first. Red: the find; green: annotations. "
            + _completeness(run),
            "score {:.2f}",
            (candidate for judged in run.judged for candidate in _false(judged, run.threshold)),
            number,
        ),
        _group(
            "Worst landmarks",
            "Of what was found. Red: found; green: annotated.",
            "NME {:.3f}",
            (candidate for judged in run.judged for candidate in _misplaced(judged, run.threshold)),
            number,
        ),
    ]
    return [group for group in groups if group.mistakes]


def _missed(judged: JudgedScene, threshold: float) -> Iterable[_Candidate]:
    scene = judged.scene
    found = judged.finds.above(threshold).matches()
    for index in sorted(set(range(len(scene.boxes))) - set(found.tolist())):
        box = scene.boxes[index]
        yield _Candidate(float(longer_sides(box[None])[0]), scene, np.zeros((0, 4), np.float32), box[None])


def _false(judged: JudgedScene, threshold: float) -> Iterable[_Candidate]:
    finds = judged.finds.above(threshold)
    for index in np.flatnonzero(finds.matches() == FALSE):
        yield _Candidate(float(finds.scores[index]), judged.scene, finds.boxes[index][None], judged.scene.boxes)


def _misplaced(judged: JudgedScene, threshold: float) -> Iterable[_Candidate]:
    true = judged.scene.landmarks
    if true is None:
        return
    finds = judged.finds.above(threshold)
    for found, annotated in matched_pairs(finds):
        if np.any(true[annotated][0] != true[annotated][1]):
            error = normalised_mean_error(finds.points[found], true[annotated])
            yield _Candidate(error, judged.scene, finds.points[found], true[annotated])


def _group(title: str, note: str, detail: str, candidates: Iterable[_Candidate], number: int) -> MistakeGroup:
    worst = nlargest(number, candidates, key=lambda candidate: candidate.badness)
    return MistakeGroup(
        title,
        note,
        tuple(
            Mistake(_picture(candidate), detail.format(candidate.badness), "", str(candidate.scene.path))
            for candidate in worst
        ),
    )


def _picture(candidate: _Candidate) -> np.ndarray:
    """The photo around the mistake: boxes ``(n, 4)`` or points ``(5, 2)``, what is true in green."""
    photo = candidate.scene.read()
    centre = candidate.found if len(candidate.found) else candidate.true
    view = View.around(photo, _bounds(centre))
    for shapes, colour in ((candidate.true, GREEN), (candidate.found, RED)):
        if shapes.shape[1] == 2:
            view.points(shapes, colour)
        else:
            for box in shapes:
                view.box(box, colour)
    return view.image


def _bounds(shapes: NDArray[np.float32]) -> Box:
    points = shapes.reshape(-1, 2)
    (x1, y1), (x2, y2) = points.min(axis=0).tolist(), points.max(axis=0).tolist()
    return Box(x1, y1, x2, y2)


def _completeness(run: DetectionRun) -> str:
    incomplete = sum(not judged.scene.complete for judged in run.judged)
    return f"{incomplete:,} pictures may show objects without annotation." if incomplete else ""
