"""CSI cameras of a Raspberry Pi through picamera2 and libcamera."""

from __future__ import annotations

import importlib
import logging
import os
import time
from collections.abc import Callable
from concurrent.futures import TimeoutError as NoFrameInTimeError
from types import ModuleType
from typing import Any

from edge.camera.errors import CameraLostError, CameraSpentError, SourceClosedError
from edge.camera.settings import CameraSettings
from edge.camera.source import Source
from edge.camera.times import CaptureTimes
from edge.errors import CameraError
from edge.values import Frame

log = logging.getLogger(__name__)

OPENS = 3
"""How often one process may open the camera: each time leaks contiguous memory (CMA) that only its end gives back."""

_BGR = "RGB888"
"""libcamera names formats by their bytes from the last to the first: this one is B, G, R in memory."""

_BUFFERS = 4
_SLOWEST_RATE_HZ = 15.0
"""In dim light exposure may slow the camera down to this: blinks can't be judged below it."""

_FAULTS = (RuntimeError, OSError, IndexError, ValueError)
"""What picamera2 raises: no camera, camera busy, refused configuration."""

_WHAT_TO_DO = (
    "Does rpicam-hello --list-cameras show it? If not, check the ribbon cable. Is another program using it? "
    "Inside a container or a service, /dev/dma_heap/* must be allowed too."
)


class Picamera2Source(Source):
    """CSI camera number ``number``, configured once; times are the sensor's own."""

    live = True

    def __init__(
        self,
        number: int,
        settings: CameraSettings,
        module: ModuleType | Any | None = None,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self.name = f"picamera2:{number}"
        self._number = number
        self._settings = settings
        self._module = module
        self._monotonic = monotonic
        self._opens_left = OPENS
        self._camera: Any = None
        self._times = CaptureTimes()
        self._index = 0

    def open(self) -> None:
        if self._opens_left == 0:
            raise CameraSpentError(
                f"{self.name}: opened {OPENS} times already; once more would exhaust contiguous memory. "
                "Start the program again"
            )
        module = self._module or load_picamera2()
        self.close()
        self._opens_left -= 1
        self._camera = self._started(module)
        self._times = CaptureTimes(tolerance_seconds=1.0)
        self._index = 0

    def _started(self, module: Any) -> Any:
        try:
            camera = module.Picamera2(self._number)
        except _FAULTS as error:
            raise CameraError(f"{self.name}: cannot be opened: {error}. {_WHAT_TO_DO}") from error
        try:
            camera.configure(camera.create_video_configuration(**configuration(self._settings)))
            camera.start()
        except _FAULTS as error:
            camera.close()
            raise CameraError(f"{self.name}: cannot be started: {error}. {_WHAT_TO_DO}") from error
        return camera

    def read(self) -> Frame:
        if self._camera is None:
            raise SourceClosedError(f"{self.name}: read before it was opened or after it was closed")
        request = self._next_request()
        try:
            arrival = self._monotonic()
            image = request.make_array("main")
            sensor_ns = request.get_metadata().get("SensorTimestamp", float("nan"))
        finally:
            request.release()
        frame = Frame(image, self._times.stamp(sensor_ns * 1e-9, arrival), self._index)
        self._index += 1
        return frame

    def _next_request(self) -> Any:
        timeout = self._settings.read_timeout_seconds
        try:
            return self._camera.capture_request(wait=False).get_result(timeout=timeout)
        except NoFrameInTimeError as error:
            self._camera.cancel_all_and_flush()  # else closing waits for the frame that never comes
            raise CameraLostError(f"{self.name}: no frame for {timeout:g} s. {_WHAT_TO_DO}") from error
        except _FAULTS as error:
            raise CameraLostError(f"{self.name}: delivers no more frames: {error}. {_WHAT_TO_DO}") from error

    def close(self) -> None:
        if self._camera is None:
            return
        camera, self._camera = self._camera, None
        try:
            camera.close()
        except _FAULTS as error:
            log.warning("%s: closing failed: %s", self.name, error)


def configuration(settings: CameraSettings) -> dict[str, Any]:
    """Arguments of picamera2's ``create_video_configuration``."""
    shortest_us = round(1e6 / settings.rate_hz)
    longest_us = max(shortest_us, round(1e6 / _SLOWEST_RATE_HZ))
    return {
        "main": {"size": (settings.width_px, settings.height_px), "format": _BGR},
        "buffer_count": _BUFFERS,
        "controls": {"FrameDurationLimits": (shortest_us, longest_us)},
    }


def load_picamera2() -> ModuleType:
    """The module ``picamera2``, with libcamera's chatter turned down.

    Raises
    ------
    CameraError
        it isn't installed, or doesn't fit the installed numpy
    """
    os.environ.setdefault("LIBCAMERA_LOG_LEVELS", "*:ERROR")
    try:
        return importlib.import_module("picamera2")
    except (ImportError, ValueError) as error:  # ValueError: simplejpeg built for another numpy
        raise CameraError(
            f"picamera2: cannot be imported: {error}. Install it by apt (sudo apt install python3-picamera2) "
            "and make the environment with --system-site-packages; pip's does not fit libcamera"
        ) from error


def has_csi_camera(module: Any) -> bool:
    """Whether libcamera lists a CSI camera; it lists USB cameras too, by an id that goes through their bus."""
    try:
        return any("usb" not in camera.get("Id", "").lower() for camera in module.Picamera2.global_camera_info())
    except _FAULTS as error:
        log.debug("libcamera cannot list cameras: %s", error)
        return False
