"""How well eyes are told open from closed where it is hard: strangers, glasses, turned heads, blinks, sources.

    python benchmarks/eyes.py people  --data ~/data                     # photos of people whom the training never saw
    python benchmarks/eyes.py clips   --data ~/data [--light 0.15]      # blinks of people who talk, at night too
    python benchmarks/eyes.py sources --data ~/data --out runs/sources  # trained on one source, tested on the others

``people`` shows photos to the device's own code, cascade first, and judges by what was seen in them
(``convert/data/eyes_checked.csv``): the area under the ROC curve, and balanced accuracy at 0.5 and at the best
threshold.  Beside it stands MediaPipe's eye aspect ratio of the same eyes at a fixed 0.2.  A condition's open eyes are
compared with all closed ones.  ``clips`` lists each eye's closures.  ``sources`` trains the shipped recipe on one
source at a time, shortened by ``--epochs``.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import groupby
from pathlib import Path

import cv2
import numpy as np
from conditions import CONDITIONS, Condition, dimmed
from numpy.typing import NDArray

from convert.data.eyes import (
    HELD_OUT_SHARE,
    MIN_EYE_DISTANCE_PX,
    NARROW_OPENING,
    eyes_of,
    openings_of,
    photo_group,
    read_checked,
    teacher_rows,
)
from convert.data.groups import is_held_out
from convert.data.pictures import read_image
from convert.data.tables import Row
from convert.evaluate.roc import roc_curve
from edge.camera import CameraSettings, open_source
from edge.inference import Task, load_bundle
from edge.inference.bundle import default_models_dir
from edge.perception.eyes import EyeReader
from edge.perception.observer import Observer
from edge.tables import format_table
from edge.values import Eyes, Face, Image
from edge.vision.detectors import FaceDetector
from edge.vision.exposure import frame_in_light
from edge.vision.settings import DetectionSettings

RECIPE = Path(__file__).resolve().parents[1] / "convert" / "recipes" / "eyes.toml"
MIN_FACE_PX = 30
TURNED = 0.2
"""How far the nose stands from the middle between the eyes, in their distances: a head turned by about 20° and more."""
SMALL_PX = 20.0
"""Distance of the eyes in photos made smaller: a face 1.7 m from a camera of 640×480 and 60°."""
MESH_THRESHOLD = 0.2
"""The eye aspect ratio below which an eye is called closed."""
DIM_NOISE = 3
"""Standard deviation, in levels, of the noise in dimmed clips."""
SOURCES = {"cew": ("cew",), "closeup": ("closeup",), "photos": ("photos_open", "photos_closed", "photos_narrow")}


@dataclass(frozen=True)
class Reading:
    """One eye of a photo: whether it ``is_open``, how open the network and the mesh find it, and how it is seen."""

    is_open: bool
    network: float
    mesh: float
    glasses: bool
    turn: float


def main() -> None:
    """Measure, and print tables."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("what", choices=("people", "clips", "sources"))
    parser.add_argument("--data", type=Path, required=True, metavar="DIR", help="folder with the unpacked data sets")
    parser.add_argument("--models", type=Path, default=default_models_dir(), metavar="DIR", help="bundles to judge")
    parser.add_argument("--out", type=Path, metavar="DIR", help="where trainings are written")
    parser.add_argument("--epochs", type=int, default=4, metavar="N", help="of a training on one source (default 4)")
    parser.add_argument(
        "--light", type=float, default=1.0, metavar="SHARE", help="dim the clips to so much (default 1)"
    )
    arguments = parser.parse_args()
    if arguments.what == "people":
        print(format_table(people(arguments.data, arguments.models)))
    elif arguments.what == "clips":
        light = CONDITIONS["as taken"] if arguments.light == 1 else dimmed(arguments.light, DIM_NOISE)
        print(format_table(clips(arguments.data / "clips" / "talking", arguments.models, light)))
    elif arguments.out is None:
        parser.error("sources: needs --out, where the trainings are written")
    else:
        print(format_table(sources(arguments.data, arguments.out, arguments.epochs)))


def people(data: Path, models: Path) -> Iterator[tuple[str, ...]]:
    """The table of conditions."""
    found, unread = read_people(data, models, None)
    small, _ = read_people(data, models, SMALL_PX)
    yield (
        "eyes",
        "closed",
        "open",
        "AUC",
        "at 0.5",
        "closed ok",
        "open ok",
        "best",
        "mesh AUC",
        f"at {MESH_THRESHOLD}",
    )
    closed = [eye for eye in found if not eye.is_open]
    conditions = {
        "all": found,
        "in glasses": [eye for eye in found if eye.glasses] + [eye for eye in closed if not eye.glasses],
        "turned aside": [eye for eye in found if eye.turn > TURNED] + [eye for eye in closed if eye.turn <= TURNED],
        "narrow": [eye for eye in found if eye.is_open and eye.mesh < NARROW_OPENING] + closed,
        f"eyes {SMALL_PX:g} px apart": small,
    }
    for name, eyes in conditions.items():
        yield name, *figures(eyes)
    yield ("not judged", str(unread), *[""] * 8)


def read_people(data: Path, models: Path, distance_px: float | None) -> tuple[list[Reading], int]:
    """Every checked eye of held-out people, and how many the device found or judged not."""
    detector = FaceDetector(load_bundle(models / "faces"), MIN_FACE_PX)
    reader = EyeReader(load_bundle(models / "eyes"))
    checked = read_checked()
    found: list[Reading] = []
    unread = 0
    for row in teacher_rows(data):
        seen = checked.get(row["image"])
        if seen is None or seen.label is None or not is_held_out(photo_group(row), HELD_OUT_SHARE):
            continue
        image, eyes = _scaled(frame_in_light(read_image(data / row["image"])), row, distance_px)
        face = _nearest(detector.detect(image), eyes)
        read = Eyes(None, None) if face is None else reader.read(image, face)
        for side, opening in openings_of(row).items():
            probability = read.left_open if side == "left" else read.right_open
            if face is None or probability is None:
                unread += 1
            else:
                found.append(Reading(seen.label == "open", probability, opening, seen.glasses, _turn(face)))
    return found, unread


def figures(eyes: list[Reading]) -> tuple[str, ...]:
    """One row: numbers, and what network and mesh are worth."""
    is_open = np.array([eye.is_open for eye in eyes])
    network, mesh = (np.array([getattr(eye, name) for eye in eyes]) for name in ("network", "mesh"))
    best = max(balanced_accuracy(network, is_open, threshold) for threshold in np.unique(network))
    return (
        str((~is_open).sum()),
        str(is_open.sum()),
        _area(network, is_open),
        f"{balanced_accuracy(network, is_open, 0.5):.3f}",
        f"{np.mean(network[~is_open] < 0.5):.3f}",
        f"{np.mean(network[is_open] >= 0.5):.3f}",
        f"{best:.3f}",
        _area(mesh, is_open),
        f"{balanced_accuracy(mesh, is_open, MESH_THRESHOLD):.3f}",
    )


def balanced_accuracy(scores: NDArray[np.float64], is_open: NDArray[np.bool_], threshold: float) -> float:
    """The mean of the shares of open and of closed eyes that ``scores`` ``(n,)`` tell at ``threshold``."""
    return float(np.mean(scores[is_open] >= threshold) + np.mean(scores[~is_open] < threshold)) / 2


def clips(folder: Path, models: Path, light: Condition) -> Iterator[tuple[str, ...]]:
    """Each clip's closures in another ``light``: when each eye, and both together, were read as closed."""
    yield ("clip", "frames", "read", "left closed", "right closed", "both closed")
    for file in sorted(folder.iterdir()):
        observer = Observer.load(models, (Task.FACES, Task.EYES), DetectionSettings(hands=False))
        times, readings = [], []
        for frame in open_source(CameraSettings(source=str(file))):
            times.append(frame.t)
            faces = observer.observe(replace(frame, image=light(frame.image))).faces
            readings.append(faces[0].eyes if faces and faces[0].eyes else Eyes(None, None))
        left = [None if eyes.left_open is None else eyes.left_open < 0.5 for eyes in readings]
        right = [None if eyes.right_open is None else eyes.right_open < 0.5 for eyes in readings]
        both = [one and other for one, other in zip(left, right, strict=True)]
        judged = sum(state is not None for state in (*left, *right)) / 2
        yield (file.name, str(len(times)), f"{judged:g}", *(_closures(times, state) for state in (left, right, both)))


def sources(data: Path, out: Path, epochs: int) -> Iterator[tuple[str, ...]]:
    """Each source's training, tested on the held-out people of every source."""
    from convert.training.batches import PlainBatches
    from convert.training.datasets import prepare
    from convert.training.loop import Start, train_classifier
    from convert.training.recipe import read_recipe
    from convert.training.sampling import sampling_weights

    recipe = read_recipe(RECIPE)
    if recipe.sampling is None:
        raise SystemExit(f"{RECIPE}: needs a table [sampling]")
    recipe = recipe.model_copy(update={"optimiser": recipe.optimiser.model_copy(update={"epochs": epochs})})
    prepared = prepare(recipe, data, 0)
    validation = prepared.validation
    is_open = validation.targets == validation.labels.index("open")
    yield ("trained on", *(f"{name}: {figure}" for name in SOURCES for figure in ("AUC", "at 0.5")))
    for name, kept in SOURCES.items():
        weights = {other: 0.0 for names in SOURCES.values() for other in names if other not in kept}
        sampling = recipe.sampling.model_copy(update={"source_weights": {**recipe.sampling.source_weights, **weights}})
        alone = replace(prepared, weights=sampling_weights(prepared.train, sampling))
        network = train_classifier(recipe, alone, out / name, Start(restart=True))
        logits = network.predict(PlainBatches(validation, recipe), verbose=0)[: len(validation)]
        scores = 1 / (1 + np.exp(logits[:, 0] - logits[:, 1]))
        cells = []
        for names in SOURCES.values():
            here = np.isin(validation.sources, names)
            cells += [
                _area(scores[here], is_open[here]),
                f"{balanced_accuracy(scores[here], is_open[here], 0.5):.3f}",
            ]
        yield name, *cells


def _scaled(image: Image, row: Row, distance_px: float | None) -> tuple[Image, NDArray[np.float64]]:
    """The photo and its eyes ``(2, 2)``, made smaller so that they are ``distance_px`` apart."""
    eyes = np.array(eyes_of(row))
    scale = 1.0 if distance_px is None else min(distance_px / float(np.linalg.norm(eyes[1] - eyes[0])), 1.0)
    if scale == 1.0:
        return image, eyes
    return cv2.resize(image, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA), eyes * scale


def _nearest(faces: tuple[Face, ...], eyes: NDArray[np.float64]) -> Face | None:
    """The face whose eyes lie within half their distance of ``eyes`` ``(2, 2)``."""
    distance = max(float(np.linalg.norm(eyes[1] - eyes[0])), MIN_EYE_DISTANCE_PX)
    errors = {face: np.abs(np.array(face.landmarks[:2]) - eyes).max() for face in faces}
    face = min(errors, key=lambda face: errors[face], default=None)
    return face if face is not None and errors[face] < distance / 2 else None


def _turn(face: Face) -> float:
    left, right, nose = np.array(face.landmarks[:3])
    across = right - left
    return abs(float((nose - left) @ across / (across @ across)) - 0.5)


def _area(scores: NDArray[np.float64], is_open: NDArray[np.bool_]) -> str:
    curve = roc_curve(scores, is_open)
    return "" if curve is None else f"{curve.area:.4f}"


def _closures(times: list[float], closed: list[bool | None]) -> str:
    """When each closure begins and how many frames it lasts: ``1.24s×4``."""
    found, start = [], 0
    for state, run in groupby(closed):
        length = len(list(run))
        if state:
            found.append(f"{times[start]:.2f}s×{length}")
        start += length
    return " ".join(found) or "-"


if __name__ == "__main__":
    main()
