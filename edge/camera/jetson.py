"""CSI cameras of a Jetson: Argus and the image processor through GStreamer."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import cv2

from edge.camera.capture import Capture, LiveCapture, OpenCapture, connected, require_backend
from edge.camera.settings import CameraSettings

_MODEL = Path("/proc/device-tree/model")
_SYSFS = Path("/sys/class/video4linux")
_CSI_SENSOR = "vi-output"
"""Beginning of a CSI sensor's name in ``/sys/class/video4linux``: NVIDIA's video input driver."""


def jetson_source(sensor: int, settings: CameraSettings, open_capture: OpenCapture = cv2.VideoCapture) -> LiveCapture:
    """CSI sensor number ``sensor``."""
    name = f"jetson:{sensor}"
    what_to_do = (
        "Does gst-launch-1.0 nvarguscamerasrc ! fakesink work? If not, check the ribbon cable and the device tree "
        "(sudo /opt/nvidia/jetson-io/jetson-io.py), and restart nvargus-daemon."
    )

    def connect() -> Capture:
        require_backend(
            cv2.CAP_GSTREAMER,
            name,
            "JetPack's own OpenCV has it: make the environment with --system-site-packages and uninstall "
            "opencv-python-headless from it.",
        )
        return connected(open_capture(pipeline(sensor, settings), cv2.CAP_GSTREAMER), name, what_to_do)

    return LiveCapture(name, connect, what_to_do=what_to_do, read_timeout_seconds=settings.read_timeout_seconds)


def pipeline(sensor: int, settings: CameraSettings) -> str:
    """GStreamer's pipeline: the newest frame only, BGR, scaled and converted by the image processor."""
    rate = Fraction(settings.rate_hz).limit_denominator(1001)
    return " ! ".join(
        (
            f"nvarguscamerasrc sensor-id={sensor}",
            f"video/x-raw(memory:NVMM),width={settings.width_px},height={settings.height_px},"
            f"framerate={rate.numerator}/{rate.denominator}",
            "nvvidconv",
            "video/x-raw,format=BGRx",
            "videoconvert",
            "video/x-raw,format=BGR",
            "appsink drop=true max-buffers=1 sync=false",
        )
    )


def has_csi_sensor(model: Path = _MODEL, sysfs: Path = _SYSFS) -> bool:
    """Whether this board is a Jetson with a CSI sensor that its kernel knows."""
    return "Jetson" in _text(model) and any(_text(name).startswith(_CSI_SENSOR) for name in sysfs.glob("video*/name"))


def _text(path: Path) -> str:
    try:
        return path.read_text(errors="replace")
    except OSError:
        return ""
