"""Whether memory stays flat: the device's own loop over a recording, again and again.

    python benchmarks/soak.py --frames 100000                      # the demo scene
    python benchmarks/soak.py --frames 100000 --source clip.mkv

The frames are decoded once and shown in turn, with times that go on; observer, timeline, rules, outputs on mock pins
and the event file are those of ``vigil run``.  Prints resident memory every tenth of the way, and fails if it grows by
more than ``--growth`` MiB after the first tenth.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

from tqdm import tqdm

from edge.actions.outputs import Outputs
from edge.actions.rules import Rules
from edge.camera import CameraSettings, open_source
from edge.config import default_config
from edge.inference import default_models_dir
from edge.perception import Observer
from edge.service.daemon import Daemon
from edge.service.eventlog import EventFile
from edge.timeline import Timeline, TimelineSettings
from edge.values import Frame, Image

RATE_HZ = 25.0
MOST_HELD = 120
"""Frames kept in memory, 110 MB of 640×480."""


class Again:
    """The same images over and over, ``count`` frames in all; tells ``memory`` after each tenth."""

    is_incomplete = False

    def __init__(self, images: list[Image], count: int) -> None:
        self._images, self._count = images, count
        self._bar = tqdm(total=count, unit="frame", disable=None)
        self._index = 0
        self.memory: list[float] = []

    def next_frame(self, timeout_seconds: float) -> Frame | None:
        if self.ended:
            return None
        if self._index and self._index % (self._count // 10) == 0:
            self.memory.append(resident_mib())
            self._bar.write(f"{self._index:8d} frames: {self.memory[-1]:.1f} MiB", file=sys.stderr)
        frame = Frame(self._images[self._index % len(self._images)], self._index / RATE_HZ, self._index)
        self._index += 1
        self._bar.update()
        return frame

    @property
    def ended(self) -> bool:
        return self._index >= self._count

    def close(self) -> None:
        self._bar.close()


def resident_mib() -> float:
    """Resident memory of this process now, in MiB (Linux)."""
    pages = int(Path("/proc/self/statm").read_text("ascii").split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 2**20


def images(source: str) -> Iterator[Image]:
    """The first frames of ``source``, every third one of the demo scene."""
    opened = open_source(CameraSettings(source=source), realtime=False)
    step = 3 if source == "demo" else 1
    try:
        for index in range(MOST_HELD * step):
            frame = opened.read()
            if frame is None:
                return
            if index % step == 0:
                yield frame.image.copy()
    finally:
        opened.close()


def parse(words: Sequence[str] | None = None) -> argparse.Namespace:
    """What the command line asks for."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--frames", type=int, default=100_000, metavar="N", help="how many (default 100000)")
    parser.add_argument("--source", default="demo", help="demo, a video or a folder (default demo)")
    parser.add_argument(
        "--growth", type=float, default=2.0, metavar="MIB", help="most that memory may grow (default 2)"
    )
    return parser.parse_args(words)


def main() -> int:
    """Run, and print what memory did."""
    arguments = parse()
    feed = Again(list(images(arguments.source)), arguments.frames)
    config = default_config()
    observer = Observer.load(default_models_dir(), config.tasks, config.detection)
    with tempfile.TemporaryDirectory() as folder, Outputs.open(config.outputs, "mock") as outputs:
        events = EventFile(Path(folder) / "events.jsonl")
        daemon = Daemon(observer, Timeline(TimelineSettings()), Rules(config.rules), outputs, [events])
        totals = daemon.run(feed, realtime=False)
        events.close()
    feed.close()
    grown = max(feed.memory) - feed.memory[0]
    print(
        f"{totals.frames} frames in {totals.seconds:.0f} s, a face in {totals.faces}, a hand in {totals.hands}; "
        f"{feed.memory[0]:.1f} MiB after a tenth, {feed.memory[-1]:.1f} at the end, {grown:.1f} more at most"
    )
    return int(grown > arguments.growth)


if __name__ == "__main__":
    sys.exit(main())
