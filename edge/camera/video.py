"""Video files."""

from __future__ import annotations

import logging
from pathlib import Path

import cv2

from edge.camera.capture import Capture
from edge.camera.errors import SourceClosedError
from edge.camera.files import check_file
from edge.camera.quiet import quieten_opencv
from edge.camera.source import Source
from edge.camera.times import CaptureTimes
from edge.errors import InputError
from edge.values import Frame

log = logging.getLogger(__name__)

_DEFAULT_RATE_HZ = 25.0
_SANE_RATES_HZ = (1.0, 1000.0)
_MISSING_FRAMES = 3
_MISSING_SHARE = 0.05
"""Containers count frames by their duration, and may be off by one or two; fewer than this is no truncation."""


class VideoFile(Source):
    """Every frame of a video file, then the end.

    Times are the container's.  Where those don't grow, frames follow each other at the container's frame rate
    (25 Hz where it states none).  Frames that can't be decoded are skipped and counted in ``damaged``.
    """

    live = False

    def __init__(self, path: Path) -> None:
        self.name = str(path)
        self.damaged = 0
        self._path = path
        self._capture: Capture | None = None
        self._times = CaptureTimes()
        self._step = 1 / _DEFAULT_RATE_HZ
        self._index = 0
        self._cut_off = False

    @property
    def is_incomplete(self) -> bool:
        return self._cut_off or self.damaged > 0

    def open(self) -> None:
        check_file(self._path)
        quieten_opencv()
        self.close()
        capture = cv2.VideoCapture(str(self._path), _api())
        if not capture.isOpened():
            capture.release()
            raise InputError(
                f"{self._path}: not a video that can be read; expected a video file that ffprobe understands. "
                "An .mp4 that was cut off can't be opened: record .mkv, or convert it"
            )
        self._capture = capture
        self._times = CaptureTimes()
        self._step = 1 / _rate_hz(capture)
        self._index = 0
        self.damaged = 0
        self._cut_off = False

    def read(self) -> Frame | None:
        if self._capture is None:
            raise SourceClosedError(f"{self.name}: read before it was opened or after it was closed")
        while self._capture.grab():
            intact, image = self._capture.retrieve()
            if intact:
                frame = Frame(image, self._stamp(self._capture), self._index)
                self._index += 1
                return frame
            self.damaged += 1
        self._report_end(self._capture)
        return None

    def _stamp(self, capture: Capture) -> float:
        last = self._times.last
        expected = 0.0 if last is None else last + self._step
        return self._times.stamp(capture.get(cv2.CAP_PROP_POS_MSEC) / 1000, expected)

    def _report_end(self, capture: Capture) -> None:
        stated = int(capture.get(cv2.CAP_PROP_FRAME_COUNT))
        missing = stated - self._index - self.damaged
        if self._index == 0:
            raise InputError(f"{self._path}: no frame of it can be decoded; it is damaged or cut off")
        if self.damaged:
            log.warning("%s: %d of its frames are damaged and were skipped", self.name, self.damaged)
        self._cut_off = missing > max(_MISSING_FRAMES, _MISSING_SHARE * stated)
        if self._cut_off:
            log.warning("%s: cut off: ends after %d of about %d frames", self.name, self._index, stated)

    def close(self) -> None:
        if self._capture is not None:
            self._capture.release()
            self._capture = None


def _api() -> int:
    # Left to itself OpenCV also takes numbered names for image sequences.  JetPack's is built without FFmpeg.
    return cv2.CAP_FFMPEG if cv2.videoio_registry.hasBackend(cv2.CAP_FFMPEG) else cv2.CAP_ANY


def _rate_hz(capture: Capture) -> float:
    rate = capture.get(cv2.CAP_PROP_FPS)
    slowest, fastest = _SANE_RATES_HZ
    return rate if slowest <= rate <= fastest else _DEFAULT_RATE_HZ
