"""Hands found and gestures told by the whole device, in pictures of people whom the training never saw.

    python benchmarks/gestures.py --data ~/data

Each picture is shown to what ``vigil analyze`` runs.  A hand is found if a box overlaps the annotated one by an IoU of
0.4 or more; of those found that make a sign, ``right`` are read as it, and ``count`` so with the probability from which
a gesture counts; of the others (at rest, other shapes) ``none`` are read as none, and ``silent`` stay below that.
``false`` are boxes a picture on no annotated hand, ``speak`` those of them that would count as a sign: some are hands
that nobody annotated.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from convert.data.boxes import by_picture, read_boxes
from convert.data.gesture import judges
from convert.data.gesture_sources import EDUART_LABELS, HAGRID_LABELS, SUBHIH_LABELS
from convert.data.groups import is_held_out
from convert.data.pictures import read_image
from convert.data.teacher import Teacher
from convert.evaluate.progress import progress
from convert.evaluate.sources import DEFAULT_SHARE
from edge.inference import Task, default_models_dir
from edge.perception.observer import Observer
from edge.tables import Row, format_table
from edge.timeline.settings import GestureSettings
from edge.values import Box, Classification, HandObservation
from edge.vision.settings import DetectionSettings

NONE = "none"
OVERLAP = 0.4
SMALLEST_PX = 40
COUNTS_FROM: float = GestureSettings().min_probability

HEAD = ("source", "pictures", "hands", "found", "signs", "right", "count", "others", "none", "silent", "false", "speak")


@dataclass(frozen=True)
class Picture:
    """A picture of the data set ``source``, and the boxes of its hands, each with what it shows: None if unknown."""

    path: Path
    source: str
    group: str
    hands: tuple[tuple[Box, str | None], ...]


@dataclass
class Tally:
    """What became of the hands of one source: ``signs`` and ``others`` as ``(right, counts)`` of each one found."""

    pictures: int = 0
    hands: int = 0
    found: int = 0
    signs: list[tuple[bool, bool]] = field(default_factory=list)
    others: list[tuple[bool, bool]] = field(default_factory=list)
    false: int = 0
    speak: int = 0

    def add(self, picture: Picture, seen: Sequence[HandObservation]) -> None:
        """Count one picture's hands of :data:`SMALLEST_PX` and more, of any size where boxes are false."""
        self.pictures += 1
        for box, label in picture.hands:
            if max(box.width, box.height) < SMALLEST_PX:
                continue
            self.hands += 1
            best = max(seen, key=lambda hand: hand.hand.box.iou(box), default=None)
            if best is None or best.hand.box.iou(box) < OVERLAP:
                continue
            self.found += 1
            if label is not None and best.gesture is not None:
                right, speaks = best.gesture.label == label, counts(best.gesture)
                (self.others if label == NONE else self.signs).append((right, speaks))
        lost = [hand for hand in seen if all(hand.hand.box.iou(box) < OVERLAP for box, _ in picture.hands)]
        self.false += len(lost)
        self.speak += sum(hand.gesture is not None and counts(hand.gesture) for hand in lost)

    def row(self, name: str) -> Row:
        """The cells below :data:`HEAD`."""
        return (
            name,
            f"{self.pictures:,}",
            f"{self.hands:,}",
            _share(self.found, self.hands),
            f"{len(self.signs):,}",
            _share(sum(right for right, _ in self.signs), len(self.signs)),
            _share(sum(right and speaks for right, speaks in self.signs), len(self.signs)),
            f"{len(self.others):,}",
            _share(sum(right for right, _ in self.others), len(self.others)),
            _share(sum(not speaks for _, speaks in self.others), len(self.others)),
            f"{self.false / max(self.pictures, 1):.2f}",
            f"{self.speak / max(self.pictures, 1):.3f}",
        )


def counts(gesture: Classification) -> bool:
    """Whether a frame like this one alone would count as a sign."""
    return gesture.label != NONE and gesture.probability >= COUNTS_FROM


def held_back(data: Path) -> Iterator[Picture]:
    """The pictures that the detector's training left out, with what hands show where the gesture network's did too."""
    every = (
        *_annotated(data / "hands/hagrid", "hagrid_frames", HAGRID_LABELS, NONE),
        *_of_teacher(data),
        *_annotated(data / "hands/subhih", "subhih", SUBHIH_LABELS, NONE),
        *_annotated(data / "hands/eduart", "eduart", EDUART_LABELS, None),
    )
    for picture in every:
        if is_held_out(picture.group, DEFAULT_SHARE):
            yield picture if judges(picture.source, picture.group) else _unlabelled(picture)


def _annotated(folder: Path, source: str, labels: Mapping[str, str], otherwise: str | None) -> Iterator[Picture]:
    for rows in by_picture(read_boxes(folder)):
        hands = tuple((Box(*row.box.tolist()), labels.get(row.label, otherwise)) for row in rows)
        yield Picture(rows[0].path, source, f"{folder.name}/{rows[0].session}", hands)


def _of_teacher(data: Path) -> Iterator[Picture]:
    """HaGRID's photos of a known gesture without a box; where the teacher has more than one hand, none is known."""
    folder = data / "hands/hagrid/frames_without_boxes"
    for scene in Teacher(data / "teacher/hands.csv", data).hands(folder):
        label = HAGRID_LABELS.get(scene.path.parent.name, NONE) if len(scene.boxes) == 1 else None
        yield Picture(
            scene.path, "hagrid_photos", scene.group, tuple((Box(*box), label) for box in scene.boxes.tolist())
        )


def _unlabelled(picture: Picture) -> Picture:
    return replace(picture, hands=tuple((box, None) for box, _ in picture.hands))


def judge(observer: Observer, pictures: Iterable[Picture]) -> dict[str, Tally]:
    """What ``observer`` sees in ``pictures``, by source."""
    tallies: dict[str, Tally] = {}
    for picture in pictures:
        seen = observer.analyze(read_image(picture.path)).hands
        tallies.setdefault(picture.source, Tally()).add(picture, seen)
    return tallies


def _share(part: int, whole: int) -> str:
    return f"{part / whole:.3f}" if whole else ""


def parse(words: Sequence[str] | None = None) -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--data", type=Path, required=True, metavar="DIR", help="folder with the unpacked data sets")
    parser.add_argument("--models", type=Path, default=default_models_dir(), metavar="DIR", help="bundles to judge")
    return parser.parse_args(words)


def main() -> None:
    """Judge, and print a table."""
    arguments = parse()
    settings = DetectionSettings(faces=False, min_hand_px=SMALLEST_PX)
    observer = Observer.load(arguments.models, (Task.HANDS, Task.GESTURE), settings)
    tallies = judge(observer, progress(list(held_back(arguments.data)), "pictures"))
    print(format_table([HEAD, *(tally.row(name) for name, tally in tallies.items())]))


if __name__ == "__main__":
    main()
