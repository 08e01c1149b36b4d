"""Face detectors side by side, on the same photos in one run: speed, recall, unknown finds and error of the points.

    python benchmarks/peers.py --data ~/data                       # Vigil and mtcnn, as one pip install has them
    python benchmarks/peers.py --data ~/data --peers all --out out # … and Haar, HOG, BlazeFace; environments are made
    python benchmarks/peers.py … --out out --only times            # anew, on a quiet machine; out/ keeps the accuracy

Each detector runs in a process, and where libraries don't get along in an environment, of its own; all on the same
CPU core with one thread, taking turns.  Photos are those that the face cascade never saw: MTFL's and
HELEN's held-back ones, and photos without people; times are taken on frames of 640×480.

A face is found if the middle of a box lies within 0.4 of the face's side of the annotated middle, and the box is
between half and twice as large: detectors frame faces differently, so that an overlap would judge the framing.  Turned
heads decide how far: where Vigil frames the five points, mtcnn and BlazeFace frame the head, up to 0.38 of a side
aside.  A box is unknown if no face is annotated there and a second detector (``teacher/faces.csv``) has none either: in
photos without people it is false, elsewhere it may be a face of the background, blurred, small or half covered.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import venv
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

import cv2
import numpy as np
from matplotlib.figure import Figure
from numpy.typing import NDArray
from tqdm import tqdm

from convert.data.backgrounds import backgrounds
from convert.data.faces import helen, mtfl
from convert.data.scenes import Scene, split
from convert.data.teacher import Teacher
from edge.tables import format_table

T = TypeVar("T")

WORKER = Path(__file__).with_name("peer_worker.py")
ENVIRONMENTS = Path.home() / ".cache" / "vigil-peers"

REQUIREMENTS = {
    "vigil": None,
    "mtcnn": None,
    "haar": ("opencv-python-headless<5",),
    "blazeface": ("mediapipe==0.10.21",),
    "blazeface_full": ("mediapipe==0.10.21",),
    "hog": ("dlib-bin", "opencv-python-headless<5"),
}
"""What an environment of its own needs; None for this one."""

OURS = "vigil"

TICKS_MS = (1, 2, 5, 10, 20, 50, 100, 200, 500, 1000)

NEAR, SMALLER, LARGER = 0.4, 0.5, 2.0
"""How far a box may be from a face's: its middle in sides of the face, and its side."""

HELD_BACK = 0.1
"""The share that ``convert/recipes/faces.toml`` holds back."""

SIZE = 640, 480

TURN = 6
"""So many frames are timed in a row: a detector finds its own data in the caches, as it does where it runs alone."""


@dataclass
class Tally:
    """What one detector did."""

    milliseconds: list[float] = field(default_factory=list)
    cpu_milliseconds: list[float] = field(default_factory=list)
    images: int = 0
    faces: int = 0
    found: int = 0
    unknown: int = 0
    errors: list[float] = field(default_factory=list)
    errors_of_three: list[float] = field(default_factory=list)

    def as_dict(self) -> dict[str, float | int | None]:
        """Medians, shares and means; None where there is nothing to tell."""
        return {
            "median_ms": _rounded(np.median(self.milliseconds)) if self.milliseconds else None,
            "p95_ms": _rounded(np.percentile(self.milliseconds, 95)) if self.milliseconds else None,
            "median_cpu_ms": _rounded(np.median(self.cpu_milliseconds)) if self.cpu_milliseconds else None,
            "images": self.images,
            "faces": self.faces,
            "recall": _rounded(self.found / self.faces) if self.faces else None,
            "unknown_per_image": _rounded(self.unknown / self.images) if self.images else None,
            "nme": _rounded(np.mean(self.errors)) if self.errors else None,
            "nme_eyes_nose": _rounded(np.mean(self.errors_of_three)) if self.errors_of_three else None,
        }


class Peer:
    """A detector in a process of its own, on one core."""

    def __init__(self, name: str, core: int) -> None:
        """Start it and wait until it is ready."""
        self.name = name
        self._process = subprocess.Popen(
            [_python_for(name), str(WORKER), name],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            preexec_fn=lambda: os.sched_setaffinity(0, {core}),
        )
        self._answer()

    def detect(self, image: Path, min_face: int) -> dict[str, Any]:
        """Its answer for one photo: see ``peer_worker.py``."""
        self._process.stdin.write(json.dumps({"image": str(image), "min_face": min_face}) + "\n")
        self._process.stdin.flush()
        return self._answer()

    def close(self) -> None:
        """End it."""
        self._process.communicate()

    def _answer(self) -> dict[str, Any]:
        line = self._process.stdout.readline()
        if not line:
            raise SystemExit(f"{self.name}: ended with status {self._process.wait()}; try: {sys.executable} {WORKER}")
        return dict(json.loads(line))


def _python_for(name: str) -> str:
    """The interpreter of the detector's environment, which is made the first time."""
    requirements = REQUIREMENTS[name]
    if requirements is None:
        return sys.executable
    folder = ENVIRONMENTS / "-".join(requirements).replace("<", "").replace("==", "-")
    python = folder / "bin" / "python"
    if not (folder / "ready").exists():
        print(f"making an environment for {name} in {folder}", file=sys.stderr)
        venv.create(folder, with_pip=True, clear=True)
        subprocess.run([python, "-m", "pip", "install", "--quiet", *requirements], check=True)
        (folder / "ready").touch()
    return str(python)


def judge(tally: Tally, faces: Sequence[dict[str, Any]], scene: Scene, smallest: float) -> None:
    """Add one photo's ``faces``, as a detector answered, to ``tally``; annotated ones under ``smallest`` count not."""
    tally.images += 1
    boxes = np.array([face["box"] for face in faces], np.float32).reshape(-1, 4)
    for index, box in enumerate(scene.boxes):
        if max(box[2] - box[0], box[3] - box[1]) < smallest:
            continue
        tally.faces += 1
        distances = np.where(fits(boxes, box), np.abs(middles(boxes) - middles(box[None])).sum(axis=1), np.inf)
        if not np.isfinite(distances).any():
            continue
        tally.found += 1
        if scene.landmarks is not None:
            _add_errors(tally, faces[int(distances.argmin())]["points"], scene.landmarks[index])
    known = [*scene.boxes, *scene.unsure]
    on_a_face = np.any([fits(boxes, box) for box in known], axis=0) if known else np.zeros(len(boxes), bool)
    tally.unknown += int((~on_a_face).sum())


def fits(boxes: NDArray[np.float32], face: NDArray[np.float32]) -> NDArray[np.bool_]:
    """Which of ``boxes`` ``(n, 4)`` frame ``face`` ``(4,)``, however a detector frames faces."""
    side = np.sqrt(np.prod(face[2:] - face[:2]))
    sides = np.sqrt(np.prod(np.maximum(boxes[:, 2:] - boxes[:, :2], 0), axis=1))
    apart = np.linalg.norm(middles(boxes) - middles(face[None]), axis=1)
    return np.asarray((apart <= NEAR * side) & (sides >= SMALLER * side) & (sides <= LARGER * side))


def middles(boxes: NDArray[np.float32]) -> NDArray[np.float32]:
    """``(n, 2)`` of ``boxes`` ``(n, 4)``."""
    return np.asarray((boxes[:, :2] + boxes[:, 2:]) / 2)


def _add_errors(tally: Tally, points: list[list[float]], true: NDArray[np.float32]) -> None:
    if not points:
        return
    errors = np.linalg.norm(np.array(points) - true[: len(points)], axis=1) / np.linalg.norm(true[1] - true[0])
    tally.errors_of_three.append(float(errors[:3].mean()))
    if len(points) == len(true):
        tally.errors.append(float(errors.mean()))


def accuracy(peers: Sequence[Peer], data: Path, min_face: int, most: int) -> dict[str, dict[str, Any]]:
    """Every peer's figures on the held-back photos, by set of photos."""
    teacher = Teacher(data / "teacher" / "faces.csv", data)
    sets = {
        "mtfl": [teacher.mark(scene) for scene in split(mtfl(data / "mtfl"), HELD_BACK)[1]],
        "helen": [teacher.mark(scene) for scene in split(helen(data / "helen" / "trainset"), HELD_BACK)[1]],
        "no people": split(backgrounds(data / "bsds500_no_people"), HELD_BACK)[1],
    }
    figures = {}
    for name, scenes in sets.items():
        if len(scenes) > most:
            scenes = [scenes[i] for i in sorted(np.random.default_rng(0).choice(len(scenes), most, replace=False))]
        tallies = {peer.name: Tally() for peer in peers}
        for scene in tqdm(scenes, desc=name, disable=None):
            for peer in peers:
                judge(tallies[peer.name], peer.detect(scene.path, min_face)["faces"], scene, min_face)
        figures[name] = {peer: tally.as_dict() for peer, tally in tallies.items()}
    return figures


def speed(peers: Sequence[Peer], clips: Path, min_face: int, rounds: int) -> dict[str, Any]:
    """Every peer's times on the same frames of 640×480, taking turns."""
    tallies = {peer.name: Tally() for peer in peers}
    with tempfile.TemporaryDirectory() as folder:
        frames = list(_frames(clips, Path(folder)))
        for peer in peers:  # buffers and graphs are made on the first photo of a size
            peer.detect(frames[0], min_face)
        turns = _turns(frames) * rounds
        for turn in tqdm(turns, desc=f"times at {min_face} px", disable=None):
            for peer in peers:
                answers = [peer.detect(frame, min_face) for frame in turn]
                tallies[peer.name].milliseconds += [answer["ms"] for answer in answers]
                tallies[peer.name].cpu_milliseconds += [answer["cpu_ms"] for answer in answers]
    return {peer: tally.as_dict() | times_as_long(tally, tallies.get(OURS)) for peer, tally in tallies.items()}


def times_as_long(theirs: Tally, ours: Tally | None) -> dict[str, float]:
    """How many times as long as Vigil a peer took in the same turn: the median of all turns, and the quartiles.

    A machine that is slow for a minute is so for all who have their turn in it.
    """
    if ours is None:
        return {}
    pairs = zip(_turns(theirs.cpu_milliseconds), _turns(ours.cpu_milliseconds), strict=True)
    low, middle, high = np.percentile([sum(a) / sum(b) for a, b in pairs], (25, 50, 75))
    return {"times_vigil": _rounded(middle), "low": _rounded(low), "high": _rounded(high)}


def _turns(values: Sequence[T]) -> list[Sequence[T]]:
    return [values[start : start + TURN] for start in range(0, len(values), TURN)]


def _frames(clips: Path, folder: Path, each: int = 4) -> Iterator[Path]:
    """``each`` frames, evenly spread, of every recording in ``clips``, as files of 640×480."""
    for clip in sorted(file for file in clips.rglob("*") if file.suffix in {".mkv", ".mp4", ".mpg"}):
        video = cv2.VideoCapture(str(clip))
        count = int(video.get(cv2.CAP_PROP_FRAME_COUNT)) or 75
        for number in np.linspace(0, count - 1, each + 2)[1:-1].astype(int):
            video.set(cv2.CAP_PROP_POS_FRAMES, number)
            read, frame = video.read()
            if read:
                file = folder / f"{clip.stem}_{number}.png"
                cv2.imwrite(str(file), cv2.resize(frame, SIZE))
                yield file


def table(figures: dict[str, dict[str, Any]], columns: Sequence[str]) -> str:
    """``figures`` of each peer as lines of text."""
    rows = [("", *columns)]
    rows += [
        (peer, *("–" if values.get(c) is None else f"{values[c]:g}" for c in columns))
        for peer, values in figures.items()
    ]
    return format_table(rows)


def plot(report: dict[str, Any], file: Path) -> None:
    """Recall over the time of a frame: up and to the left is better."""
    figure = Figure(figsize=(6, 4), layout="constrained")
    axes = figure.subplots()
    for name, marker in zip(REQUIREMENTS, "osD^v*", strict=True):
        if name in report["times"] and name in report["accuracy"]["mtfl"]:
            x, y = report["times"][name]["median_ms"], report["accuracy"]["mtfl"][name]["recall"]
            axes.scatter(x, y, marker=marker, label=name)
    axes.set(xscale="log", xlabel="ms for a frame of 640×480, one thread", ylabel="recall on held-back MTFL photos")
    axes.set(xticks=TICKS_MS, xticklabels=[str(tick) for tick in TICKS_MS], xlim=(TICKS_MS[0], TICKS_MS[-1]))
    axes.minorticks_off()
    axes.legend(frameon=False, loc="lower center")
    axes.set_title(f"faces from {report['min_face']} pixels on")
    figure.savefig(file, dpi=100)


def in_words(report: dict[str, Any]) -> str:
    """The tables of a report."""
    tables = []
    if "times" in report:
        title = f"times of a frame of {SIZE[0]}×{SIZE[1]}, faces from {report['min_face']} px on"
        tables.append((title, report["times"], ("median_ms", "p95_ms", "median_cpu_ms", "times_vigil", "low", "high")))
    for name, figures in report.get("accuracy", {}).items():
        tables.append((name, figures, ("images", "faces", "recall", "unknown_per_image", "nme", "nme_eyes_nose")))
    return "\n\n".join(f"{title}\n\n{table(figures, columns)}" for title, figures, columns in tables)


def _rounded(value: float | np.floating[Any]) -> float:
    return round(float(value), 4)


def main() -> None:
    """Run the peers and print what they did."""
    arguments = parse()
    peers = [Peer(name, arguments.core) for name in arguments.peers]
    report: dict[str, Any] = {"min_face": arguments.min_face}
    if arguments.only != "accuracy":
        report["times"] = speed(peers, arguments.data / "clips", arguments.min_face, arguments.rounds)
    if arguments.only != "times":
        report["accuracy"] = accuracy(peers, arguments.data, arguments.min_face, arguments.images)
    for peer in peers:
        peer.close()
    print(in_words(report))
    if arguments.out:
        keep(report, arguments.out)


def keep(report: dict[str, Any], folder: Path) -> None:
    """Write ``peers.json``, and the plot once there are times and accuracy; what isn't in ``report`` stays.

    Times are of one run or they can't be compared; accuracy is the same in every run, so a peer's may be taken anew.
    """
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / "peers.json"
    known = json.loads(file.read_text("utf-8")) if file.is_file() else {}
    if known.get("min_face") == report["min_face"]:
        accuracy = known.get("accuracy", {})
        renewed = {name: accuracy.get(name, {}) | figures for name, figures in report.get("accuracy", {}).items()}
        report = known | report | ({"accuracy": accuracy | renewed} if accuracy or renewed else {})
    file.write_text(json.dumps(report, indent=2) + "\n", "utf-8")
    if {"times", "accuracy"} <= set(report):
        plot(report, folder / "peers.png")


def parse(words: Sequence[str] | None = None) -> argparse.Namespace:
    """What the command line asks for."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, required=True, metavar="DIR", help="folder with the unpacked data sets")
    parser.add_argument("--peers", default="vigil,mtcnn", help=f"all, or some of {','.join(REQUIREMENTS)}")
    parser.add_argument("--min-face", type=int, default=20, metavar="PX", help="smallest face looked for (default 20)")
    parser.add_argument("--images", type=int, default=400, metavar="N", help="of each set at most (default 400)")
    parser.add_argument("--rounds", type=int, default=2, metavar="N", help="times each frame is timed (default 2)")
    parser.add_argument(
        "--only", choices=("times", "accuracy"), help="measure just this; --out keeps the other as it was"
    )
    parser.add_argument("--core", type=int, default=0, metavar="N", help="the CPU that all share (default 0)")
    parser.add_argument("--out", type=Path, metavar="DIR", help="write peers.json and peers.png there")
    arguments = parser.parse_args(words)
    arguments.peers = list(REQUIREMENTS) if arguments.peers == "all" else arguments.peers.split(",")
    if unknown := set(arguments.peers) - set(REQUIREMENTS):
        parser.error(f"--peers: {', '.join(sorted(unknown))} unknown; choose from {', '.join(REQUIREMENTS)}")
    return arguments


if __name__ == "__main__":
    main()
