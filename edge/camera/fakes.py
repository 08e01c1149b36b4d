"""Cameras without hardware: fakes that keep the real rules and record what was done to them.

Each plays a script of steps: an image is delivered, ``DAMAGED`` can't be decoded, and after the last step the device
has vanished.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import TimeoutError as NoFrameInTimeError
from typing import Any

import cv2
import numpy as np

from edge.camera.errors import CameraLostError, SourceClosedError
from edge.camera.source import Source
from edge.errors import CameraError
from edge.values import Frame, Image

DAMAGED = "damaged"
Step = Image | str


def blank(value: int = 0, width: int = 64, height: int = 48) -> Image:
    """A BGR image of one grey value, by which a test recognises it."""
    return np.full((height, width, 3), value, np.uint8)


class FakeClock:
    """A monotonic clock that only :meth:`wait` moves; ``waits`` records for how long each was."""

    def __init__(self) -> None:
        self.now = 0.0
        self.waits: list[float] = []

    def __call__(self) -> float:
        return self.now

    def wait(self, seconds: float) -> bool:
        """Pass ``seconds`` at once; False like an ``Event`` that nobody set."""
        self.waits.append(seconds)
        self.now += seconds
        return False


class FakeSource(Source):
    """A live source that plays one script each time it is opened; None instead of a script: it can't be opened."""

    live = True

    def __init__(self, scripts: Iterable[Sequence[Frame] | None], name: str = "fake") -> None:
        self.name = name
        self.events: list[str] = []
        self._scripts = iter(scripts)
        self._frames: Iterator[Frame] | None = None

    def open(self) -> None:
        script = next(self._scripts, None)
        self.events.append("open" if script is not None else "open failed")
        if script is None:
            raise CameraError(f"{self.name}: cannot be opened")
        self._frames = iter(script)

    def read(self) -> Frame:
        if self._frames is None:
            raise SourceClosedError(f"{self.name}: read while closed")
        frame = next(self._frames, None)
        self.events.append("lost" if frame is None else f"frame {frame.image[0, 0, 0]}")
        if frame is None:
            raise CameraLostError(f"{self.name}: vanished")
        return frame

    def close(self) -> None:
        if self._frames is not None:
            self.events.append("close")
        self._frames = None


class FakeCaptureDevice:
    """Stands for ``cv2.VideoCapture`` on one device: call it to open a :class:`FakeCapture` that plays the next script.

    A device that is open already, or has no script left, gives one that is not opened.  ``period_ms`` is the
    distance of the reported times, None where the backend has no times (reports 0).  Uncompressed frames come at
    ``uncompressed_hz`` at most.
    """

    def __init__(
        self, *scripts: Sequence[Step] | None, period_ms: float | None = 40.0, uncompressed_hz: float = 30.0
    ) -> None:
        self.uncompressed_hz = uncompressed_hz
        self.events: list[tuple[Any, ...]] = []
        self.busy = False
        self.period_ms = period_ms
        self._scripts = iter(scripts)

    def __call__(self, *arguments: Any) -> FakeCapture:
        script = None if self.busy else next(self._scripts, None)
        self.events.append(("open", *arguments))
        self.busy = self.busy or script is not None
        return FakeCapture(self, script)


class FakeCapture:
    """A ``cv2.VideoCapture``: needs :meth:`grab` before :meth:`retrieve`, and to be open for either."""

    def __init__(self, device: FakeCaptureDevice, script: Sequence[Step] | None) -> None:
        self._device = device
        self._steps = None if script is None else iter(script)
        self._grabbed: Step | None = None
        self._grabs = 0
        self._properties: dict[int, float] = {}

    def isOpened(self) -> bool:  # noqa: N802  OpenCV's name
        return self._steps is not None

    def grab(self) -> bool:
        if self._steps is None:
            raise RuntimeError("grab on a capture that is not open")
        self._grabbed = next(self._steps, None)
        self._grabs += 1
        return self._grabbed is not None

    def retrieve(self) -> tuple[bool, Image | None]:
        if self._steps is None:
            raise RuntimeError("retrieve on a capture that is not open")
        grabbed, self._grabbed = self._grabbed, None
        return (False, None) if grabbed is None or isinstance(grabbed, str) else (True, grabbed)

    def get(self, prop: int) -> float:
        if prop == cv2.CAP_PROP_POS_MSEC:
            return (self._device.period_ms or 0.0) * self._grabs
        return self._properties.get(prop, 0.0)

    def set(self, prop: int, value: float) -> bool:
        self._device.events.append(("set", prop, value))
        self._properties[prop] = value
        if self._properties.get(cv2.CAP_PROP_FOURCC) == cv2.VideoWriter.fourcc(*"YUYV"):
            rate_hz = self._properties.get(cv2.CAP_PROP_FPS, 0.0)
            self._properties[cv2.CAP_PROP_FPS] = min(rate_hz, self._device.uncompressed_hz)
        return True

    def release(self) -> None:
        if self._steps is not None:
            self._device.events.append(("release",))
            self._device.busy = False
        self._steps = None


class FakePicamera2Module:
    """Stands for the module ``picamera2`` with the cameras ``ids``; each opening plays the next script."""

    def __init__(self, *scripts: Sequence[Image], ids: Sequence[str] = ("/base/soc/i2c0mux/i2c@1/imx708@1a",)) -> None:
        self.events: list[str] = []
        self.configurations: list[dict[str, Any]] = []
        self.is_open = False
        self.scripts = iter(scripts)
        self.ids = ids

    @property
    def Picamera2(self) -> _FakePicamera2Class:  # noqa: N802  picamera2's name
        return _FakePicamera2Class(self)


class _FakePicamera2Class:
    def __init__(self, module: FakePicamera2Module) -> None:
        self._module = module

    def __call__(self, number: int) -> FakePicamera2:
        if number >= len(self._module.ids):
            raise IndexError("list index out of range")
        if self._module.is_open:
            raise RuntimeError("Camera __init__ sequence did not complete.")
        self._module.is_open = True
        self._module.events.append("open")
        return FakePicamera2(self._module, next(self._module.scripts, ()))

    def global_camera_info(self) -> list[dict[str, Any]]:
        return [{"Model": "fake", "Id": camera, "Num": number} for number, camera in enumerate(self._module.ids)]


class FakePicamera2:
    """A ``Picamera2``: configured before it starts, started before it captures, every request given back."""

    def __init__(self, module: FakePicamera2Module, images: Sequence[Image]) -> None:
        self._module = module
        self._images = list(images)
        self._configuration: dict[str, Any] | None = None
        self._started = False
        self._sensor_ns = 5_000_000_000
        self.requests_out = 0

    def create_video_configuration(self, **arguments: Any) -> dict[str, Any]:
        return arguments

    def configure(self, configuration: dict[str, Any]) -> None:
        if self._started:
            raise RuntimeError("Camera must be stopped before configuring")
        self._configuration = configuration
        self._module.configurations.append(configuration)
        self._module.events.append("configure")

    def start(self) -> None:
        if self._configuration is None:
            raise RuntimeError("Camera has not been configured")
        self._started = True
        self._module.events.append("start")

    def capture_request(self, wait: bool) -> FakeJob:
        if wait or not self._started:
            raise RuntimeError("Camera has not been started, or the caller would wait for ever")
        return FakeJob(self._next_request)

    def _next_request(self) -> FakeRequest:
        if not self._images:
            raise NoFrameInTimeError
        if self._configuration is None or self.requests_out >= self._configuration["buffer_count"]:
            raise RuntimeError("no buffer is free: a request was not released")
        self.requests_out += 1
        self._sensor_ns += 33_333_333
        return FakeRequest(self, self._images.pop(0), self._sensor_ns)

    def cancel_all_and_flush(self) -> None:
        self._module.events.append("flush")

    def close(self) -> None:
        self._started = False
        self._module.is_open = False
        self._module.events.append("close")


class FakeJob:
    """picamera2's ``Job``."""

    def __init__(self, result: Callable[[], FakeRequest]) -> None:
        self._result = result

    def get_result(self, timeout: float) -> FakeRequest:
        return self._result()


class FakeRequest:
    """picamera2's ``CompletedRequest``; its image may not be used after its release."""

    def __init__(self, camera: FakePicamera2, image: Image, sensor_ns: int) -> None:
        self._camera = camera
        self._image: Image | None = image
        self._sensor_ns = sensor_ns

    def make_array(self, name: str) -> Image:
        if self._image is None or name != "main":
            raise RuntimeError(f"stream {name!r} is not defined, or the request was released")
        return self._image.copy()

    def get_metadata(self) -> dict[str, int]:
        return {"SensorTimestamp": self._sensor_ns}

    def release(self) -> None:
        self._image = None
        self._camera.requests_out -= 1
