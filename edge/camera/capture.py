"""Live cameras and streams through OpenCV's ``VideoCapture``."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from typing import Any, Protocol

import cv2

from edge.camera.errors import CameraLostError, SourceClosedError
from edge.camera.quiet import quieten_opencv
from edge.camera.source import Source
from edge.camera.times import CaptureTimes
from edge.errors import CameraError
from edge.values import Frame, Image

log = logging.getLogger(__name__)

_TIME_TOLERANCE_SECONDS = 1.0
"""A reported time that leaves the arrival by more than this is another clock's (a driver's bug, a restarted sender)."""


class Capture(Protocol):
    """What this package uses of ``cv2.VideoCapture``."""

    def isOpened(self) -> bool: ...  # noqa: N802  OpenCV's name

    def grab(self) -> bool: ...

    def retrieve(self) -> tuple[bool, Any]: ...

    def get(self, prop: int) -> float: ...

    def set(self, prop: int, value: float) -> bool: ...

    def release(self) -> None: ...


OpenCapture = Callable[..., Capture]
"""``cv2.VideoCapture`` or a fake: called with a target, an API preference and, optionally, parameters."""


class LiveCapture(Source):
    """A camera or stream behind a ``VideoCapture``.

    ``connect`` opens and configures one, or raises CameraError; ``what_to_do`` ends the message when it is lost.
    Frames that arrive damaged are skipped and counted in ``damaged``; nothing else for ``read_timeout_seconds``
    counts as lost.
    """

    live = True

    def __init__(
        self,
        name: str,
        connect: Callable[[], Capture],
        *,
        what_to_do: str,
        read_timeout_seconds: float,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self.name = name
        self.damaged = 0
        self._connect = connect
        self._what_to_do = what_to_do
        self._read_timeout = read_timeout_seconds
        self._monotonic = monotonic
        self._capture: Capture | None = None
        self._times = CaptureTimes(_TIME_TOLERANCE_SECONDS)
        self._index = 0

    def open(self) -> None:
        quieten_opencv()
        self.close()
        self._capture = self._connect()
        self._times = CaptureTimes(_TIME_TOLERANCE_SECONDS)
        self._index = 0

    def read(self) -> Frame:
        if self._capture is None:
            raise SourceClosedError(f"{self.name}: read before it was opened or after it was closed")
        image, arrival = self._next_image(self._capture)
        t = self._times.stamp(self._capture.get(cv2.CAP_PROP_POS_MSEC) / 1000, arrival)
        frame = Frame(image, t, self._index)
        self._index += 1
        return frame

    def _next_image(self, capture: Capture) -> tuple[Image, float]:
        """The next intact image and when it arrived, on the monotonic clock."""
        deadline = self._monotonic() + self._read_timeout
        while capture.grab():
            arrival = self._monotonic()
            intact, image = _retrieve(capture)
            if intact:
                return _three_channels(image), arrival
            self.damaged += 1
            if arrival > deadline:
                raise CameraLostError(
                    f"{self.name}: only damaged frames for {self._read_timeout:g} s. {self._what_to_do}"
                )
        raise CameraLostError(f"{self.name}: delivers no more frames. {self._what_to_do}")

    def close(self) -> None:
        if self._capture is not None:
            self._capture.release()
            self._capture = None


def connected(capture: Capture, name: str, what_to_do: str) -> Capture:
    """``capture`` if it is open.

    Raises
    ------
    CameraError
        it is not
    """
    if not capture.isOpened():
        capture.release()
        raise CameraError(f"{name}: cannot be opened. {what_to_do}")
    return capture


def require_backend(api: int, name: str, what_to_do: str) -> None:
    """Raise CameraError where the installed OpenCV was built without the backend ``api`` (``cv2.CAP_…``)."""
    if not cv2.videoio_registry.hasBackend(api):
        raise CameraError(f"{name}: this OpenCV {cv2.__version__} is built without {backend_name(api)}. {what_to_do}")


def backend_name(api: int) -> str:
    return cv2.videoio_registry.getBackendName(api)


def _retrieve(capture: Capture) -> tuple[bool, Any]:
    try:
        intact, image = capture.retrieve()
    except cv2.error as error:
        log.debug("damaged frame: %s", error)
        return False, None
    return intact and image is not None and image.size > 0, image


def _three_channels(image: Image) -> Image:
    """``(H, W, 3)`` of an image that a grey (infrared) camera may deliver as ``(H, W)`` or ``(H, W, 1)``."""
    if image.ndim == 2 or image.shape[2] == 1:
        return cv2.cvtColor(image, cv2.COLOR_GRAY2BGR)
    return image
