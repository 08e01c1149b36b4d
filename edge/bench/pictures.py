"""The pictures that are measured on: held in memory, so that drawing or decoding them is not measured."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from itertools import count

from edge.camera import CameraSettings, open_source
from edge.camera.spec import parse_source
from edge.errors import InputError
from edge.service.options import UsageError
from edge.values import Frame

DEMO = "demo"

MAX_HELD = 100
"""Four seconds of the demo scene: a face alone, and with a hand from the middle on."""

MAX_HELD_BYTES = 96 << 20
"""No more is held than a board with 512 MiB can spare."""

USUAL_SECONDS = 0.04
"""Between two pictures where there is only one."""

_WITHOUT_CAMERA = ("demo", "path")


@dataclass(frozen=True)
class Pictures:
    """Frames of one source, from its beginning on."""

    source: str
    frames: tuple[Frame, ...]

    @property
    def bytes(self) -> int:
        return sum(frame.image.nbytes for frame in self.frames)

    def endlessly(self) -> Iterator[Frame]:
        """All frames over and over; their times and numbers go on from one pass to the next."""
        first, last = self.frames[0].t, self.frames[-1].t
        gap = (last - first) / (len(self.frames) - 1) if len(self.frames) > 1 else USUAL_SECONDS
        number = count()
        for repetition in count():
            for frame in self.frames:
                yield replace(frame, t=frame.t - first + repetition * (last - first + gap), index=next(number))


def read_pictures(source: str, tell: Callable[[float], None]) -> Pictures:
    """The first pictures of ``source``: ``demo``, a video file or a folder of pictures; ``tell`` hears the share done.

    Raises:
        UsageError: ``source`` is a camera or a stream.
        InputError: there is no picture, or none can be read.
    """
    if parse_source(source).kind not in _WITHOUT_CAMERA:
        raise UsageError(
            f"--source {source}: a benchmark needs the same pictures every time. Name a video file, a folder of "
            f"pictures or {DEMO}"
        )
    with open_source(CameraSettings(source=source)) as opened:
        frames = tuple(_first(iter(opened), tell))
    if not frames:
        raise InputError(f"{source}: no picture in it to measure on; name another --source")
    return Pictures(source, frames)


def _first(frames: Iterator[Frame], tell: Callable[[float], None]) -> Iterator[Frame]:
    held = 0
    for number, frame in enumerate(frames, start=1):
        held += frame.image.nbytes
        yield frame
        tell(number / MAX_HELD)
        if number == MAX_HELD or held + frame.image.nbytes > MAX_HELD_BYTES:
            return
