"""USB and other V4L2 cameras."""

from __future__ import annotations

import logging
import os
from pathlib import Path

import cv2

from edge.camera.capture import Capture, LiveCapture, OpenCapture, connected, require_backend
from edge.camera.settings import CameraSettings
from edge.errors import CameraError

log = logging.getLogger(__name__)

_SYSFS = Path("/sys/class/video4linux")
_NOT_A_CAMERA = ("bcm2835-codec", "bcm2835-isp", "rpivid", "rpi-hevc", "pispbe", "rp1-cfe", "unicam", "vi-output")
"""Beginnings of ``/sys/class/video4linux/*/name``: codecs and ISPs, and sensors that only their own stack can read."""

FORMATS = ("YUYV", "MJPG")
"""What is asked of a camera, in this order.  A frame of 640×480 takes a tenth of the time to convert from YUYV that it
takes to decompress, but most cameras offer larger ones at a lower rate only, or not at all."""

RATE_TOLERANCE = 0.9


def v4l2_source(device: str, settings: CameraSettings, open_capture: OpenCapture = cv2.VideoCapture) -> LiveCapture:
    """The camera ``device``, best given as ``/dev/v4l/by-id/…``, which stays the same when it is plugged in again."""
    name = f"v4l2:{device}"
    in_use = (
        f"Is another program using it (fuser -v {device})? Is it plugged in firmly? Is its power supply sufficient?"
    )

    def connect() -> Capture:
        check_device(device)
        require_backend(cv2.CAP_V4L2, name, "Install opencv-python-headless.")
        capture = connected(open_capture(device, cv2.CAP_V4L2), name, in_use)
        _configure(capture, name, settings)
        return capture

    return LiveCapture(name, connect, what_to_do=in_use, read_timeout_seconds=settings.read_timeout_seconds)


def check_device(device: str) -> None:
    """Raise CameraError where ``device`` is missing or this user may not use it."""
    if not os.path.exists(device):
        present = ", ".join(map(str, video_devices())) or "none"
        raise CameraError(f"v4l2:{device}: no such device. Present: {present}. Plug the camera in or name another one")
    if not os.access(device, os.R_OK | os.W_OK):
        raise CameraError(f"v4l2:{device}: not permitted. Add this user to the group video: usermod -aG video USER")


def video_devices(sysfs: Path = _SYSFS) -> list[Path]:
    """``/dev/video*`` in the order of their numbers, without codecs and the like."""
    named = {int(entry.name[5:]): _device_name(entry) for entry in sysfs.glob("video[0-9]*")}
    return [Path(f"/dev/video{number}") for number in sorted(named) if not named[number].startswith(_NOT_A_CAMERA)]


def _device_name(entry: Path) -> str:
    try:
        return (entry / "name").read_text().strip()
    except OSError:
        return ""


def _configure(capture: Capture, name: str, settings: CameraSettings) -> None:
    pixel_format = next((each for each in FORMATS if _set_format(capture, each, settings)), FORMATS[-1])
    capture.set(cv2.CAP_PROP_BUFFERSIZE, 1)
    log.info(
        "%s: %s, %.0f×%.0f at %.0f Hz (asked for %d×%d at %g Hz)",
        name,
        pixel_format,
        capture.get(cv2.CAP_PROP_FRAME_WIDTH),
        capture.get(cv2.CAP_PROP_FRAME_HEIGHT),
        capture.get(cv2.CAP_PROP_FPS),
        settings.width_px,
        settings.height_px,
        settings.rate_hz,
    )


def _set_format(capture: Capture, pixel_format: str, settings: CameraSettings) -> bool:
    """Ask for ``pixel_format`` at the settings' size and rate; whether the camera offers that."""
    wanted = (
        (cv2.CAP_PROP_FOURCC, cv2.VideoWriter.fourcc(*pixel_format)),
        (cv2.CAP_PROP_FRAME_WIDTH, settings.width_px),
        (cv2.CAP_PROP_FRAME_HEIGHT, settings.height_px),
        (cv2.CAP_PROP_FPS, settings.rate_hz),
    )
    for prop, value in wanted:  # the format first: sizes and rates depend on it
        capture.set(prop, value)
    *exact, rate_hz = (capture.get(prop) for prop, _ in wanted)
    return exact == [value for _, value in wanted[:-1]] and rate_hz >= settings.rate_hz * RATE_TOLERANCE
