"""How the cost of a frame grows with its pixels and with the faces in it.

    python benchmarks/scaling.py                              # the figures
    python benchmarks/scaling.py --plot docs/scaling.svg      # and both curves

The demo's portrait, its face 90 pixels wide, is laid on a background: one face on pictures from 320×240 to 1920×1080,
and none to eight faces on 1280×720.  Each picture is measured twice: alone, when all of it is searched, and as a stream
of 30 frames a second, when known faces are followed and the picture is searched now and then.  Times are CPU
milliseconds on one thread, which another program on the machine disturbs little; all pictures take turns.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from matplotlib.figure import Figure

from edge.camera import CameraSettings, open_source
from edge.inference import Task, default_models_dir
from edge.perception.observer import Observer
from edge.perception.senses import installed_tasks
from edge.tables import format_table
from edge.values import Frame, Image
from edge.vision.crops import upright_crop
from edge.vision.settings import DetectionSettings

SIZES = (
    (320, 240),
    (480, 360),
    (640, 480),
    (800, 600),
    (1024, 768),
    (1280, 720),
    (1280, 960),
    (1600, 900),
    (1920, 1080),
)
FACES = tuple(range(9))
STAGE_SIZE = (1280, 720)
"""Where the faces are counted."""

FACE_PX = 90
TILE_PX = 160
GRID = (4, 2)

ALONE = 5
"""How often a picture is looked at alone each time it is measured."""

FRAME_SECONDS = 1 / 30
STREAM_FRAMES = 60
"""Two seconds: two searches of the whole picture, and those of parts of it."""


@dataclass
class Measured:
    """One picture: ``x`` on its curve, and the CPU milliseconds of each time it was measured."""

    x: float
    name: str
    image: Image
    observer: Observer
    alone: list[float] = field(default_factory=list)
    stream: list[float] = field(default_factory=list)
    frames: int = 0

    def show(self) -> None:
        """Measure once: the picture alone, and a stream of it."""
        self.alone.append(_cpu_ms(lambda: [self.observer.analyze(self.image) for _ in range(ALONE)]) / ALONE)
        shown = range(self.frames, self.frames + STREAM_FRAMES)
        self.frames += STREAM_FRAMES
        frames = [Frame(self.image, number * FRAME_SECONDS, number) for number in shown]
        self.stream.append(_cpu_ms(lambda: [self.observer.observe(frame) for frame in frames]) / STREAM_FRAMES)


@dataclass(frozen=True)
class Line:
    """The straight line through a curve: ``r2`` is the share of the variance that it explains."""

    start: float
    slope: float
    r2: float


def portrait() -> Image:
    """A tile with the demo's face in its middle, ``(TILE_PX, TILE_PX, 3)``."""
    with open_source(CameraSettings(source="demo")) as source:
        frame = source.read()
    observer = Observer.load(default_models_dir(), {Task.FACES}, DetectionSettings())
    (face,) = observer.analyze(frame.image).faces
    return upright_crop(frame.image, face.face.box.square(TILE_PX / FACE_PX), TILE_PX)


def background(width: int, height: int) -> Image:
    """Soft blotches of brown and grey, the same every time."""
    coarse = np.random.default_rng(1).integers(80, 140, (height // 40 + 1, width // 40 + 1, 3), dtype=np.uint8)
    return np.asarray(cv2.resize(coarse, (width, height), interpolation=cv2.INTER_CUBIC), np.uint8)


def picture(size: tuple[int, int], faces: int, tile: Image) -> Image:
    """A background with so many faces, each in the middle of a cell of a grid; a single one in the middle of all."""
    image = background(*size)
    columns, rows = GRID if faces > 1 else (1, 1)
    for number in range(faces):
        x = int((number % columns + 0.5) * size[0] / columns) - TILE_PX // 2
        y = int((number // columns + 0.5) * size[1] / rows) - TILE_PX // 2
        image[y : y + TILE_PX, x : x + TILE_PX] = tile
    return image


def curves(models: Path) -> dict[str, list[Measured]]:
    """The pictures of both curves, checked to show as many faces as they should."""
    tile = portrait()
    tasks = installed_tasks(models)

    def measured(x: float, name: str, size: tuple[int, int], faces: int) -> Measured:
        observer = Observer.load(models, tasks, DetectionSettings())
        image = picture(size, faces, tile)
        if (found := len(observer.analyze(image).faces)) != faces:
            raise SystemExit(f"{name}: {found} faces found, {faces} were drawn")
        return Measured(x, name, image, observer)

    by_pixels = [measured(w * h / 1e6, f"{w}×{h}", (w, h), 1) for w, h in SIZES]
    by_faces = [measured(n, f"{n} faces", STAGE_SIZE, n) for n in FACES]
    return {"pixels": by_pixels, "faces": by_faces}


def line(points: Sequence[Measured], values: Sequence[float]) -> Line:
    """The line of least squares through ``values`` over the points' x."""
    x = np.array([point.x for point in points])
    y = np.array(values)
    slope, start = np.polyfit(x, y, 1)
    left = y - (start + slope * x)
    return Line(float(start), float(slope), float(1 - left.var() / y.var()))


def report(measured: dict[str, list[Measured]]) -> dict[str, Any]:
    """Medians by curve, and the lines through them."""
    found: dict[str, Any] = {}
    for name, points in measured.items():
        rows = [
            {"x": point.x, "name": point.name, "alone_ms": _median(point.alone), "stream_ms": _median(point.stream)}
            for point in points
        ]
        lines = {way: vars(line(points, [row[f"{way}_ms"] for row in rows])) for way in ("alone", "stream")}
        found[name] = {"points": rows, "lines": lines}
    return found


def in_words(found: dict[str, Any]) -> str:
    """Both curves as tables, with their lines."""
    parts = []
    for name, unit in (("pixels", "megapixel"), ("faces", "face")):
        rows = [("", "alone ms", "in a stream ms")]
        rows += [(row["name"], f"{row['alone_ms']:.2f}", f"{row['stream_ms']:.2f}") for row in found[name]["points"]]
        words = [
            f"{way}: {fit['start']:.2f} ms + {fit['slope']:.2f} ms a {unit}, R² {fit['r2']:.3f}"
            for way, fit in found[name]["lines"].items()
        ]
        parts.append(format_table(rows) + "\n" + "\n".join(words))
    return "\n\n".join(parts)


def plot(found: dict[str, Any], file: Path) -> None:
    """Both curves side by side."""
    figure = Figure(figsize=(9, 3.6), layout="constrained")
    titles = {
        "pixels": ("one face", "megapixels"),
        "faces": (f"{STAGE_SIZE[0]}×{STAGE_SIZE[1]}", "faces"),
    }
    for axes, (name, (title, label)) in zip(figure.subplots(1, 2), titles.items(), strict=True):
        points = found[name]["points"]
        x = np.array([row["x"] for row in points])
        for way, words, colour in (
            ("alone", "a picture alone", "tab:orange"),
            ("stream", "a frame of a stream", "tab:blue"),
        ):
            fit = found[name]["lines"][way]
            axes.plot(x, [row[f"{way}_ms"] for row in points], "o", color=colour, label=words)
            axes.plot(x, fit["start"] + fit["slope"] * x, color=colour, linewidth=1)
        axes.set(title=title, xlabel=label, ylabel="CPU ms, one thread", ylim=(0, None), xlim=(0, None))
        axes.legend(frameon=False)
    figure.savefig(file, metadata={"Date": None} if file.suffix == ".svg" else None)


def _cpu_ms(work: Any) -> float:
    started = time.process_time()
    work()
    return 1e3 * (time.process_time() - started)


def _median(values: Sequence[float]) -> float:
    return round(float(np.median(values)), 3)


def parse(words: Sequence[str] | None = None) -> argparse.Namespace:
    """What the command line asks for."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=7, metavar="N", help="times each picture is measured (default 7)")
    parser.add_argument("--plot", type=Path, metavar="FILE", help="draw both curves, as SVG or PNG")
    parser.add_argument("--json", type=Path, metavar="FILE", help="also write the figures there")
    return parser.parse_args(words)


def main() -> None:
    """Measure, print, and draw."""
    arguments = parse()
    measured = curves(default_models_dir())
    for _ in range(arguments.rounds):
        for points in measured.values():
            for point in points:
                point.show()
    found = report(measured)
    print(in_words(found))
    if arguments.json:
        arguments.json.write_text(json.dumps(found, indent=2) + "\n", "utf-8")
    if arguments.plot:
        plot(found, arguments.plot)


if __name__ == "__main__":
    main()
