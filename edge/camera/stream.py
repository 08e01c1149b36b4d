"""Network cameras: RTSP, and whatever else FFmpeg reads from a URL."""

from __future__ import annotations

import os
from urllib.parse import urlsplit, urlunsplit

import cv2

from edge.camera.capture import Capture, LiveCapture, OpenCapture, connected, require_backend
from edge.camera.settings import CameraSettings

_OPEN_MS = 10_000  # a network camera may have to start its encoder first
_RTSP_OVER_TCP = "rtsp_transport;tcp"  # over UDP a lost packet smears the picture, and a firewall may hide all


def stream_source(url: str, settings: CameraSettings, open_capture: OpenCapture = cv2.VideoCapture) -> LiveCapture:
    """The stream at ``url``.  Its end can't be told from a loss, so it counts as one."""
    name = without_secrets(url)
    what_to_do = "Check the address, user and password, and whether the network reaches it (try: ffprobe URL)."
    read_ms = round(settings.read_timeout_seconds * 1000)
    time_outs = [cv2.CAP_PROP_OPEN_TIMEOUT_MSEC, max(_OPEN_MS, read_ms), cv2.CAP_PROP_READ_TIMEOUT_MSEC, read_ms]

    def connect() -> Capture:
        require_backend(cv2.CAP_FFMPEG, name, "Install opencv-python-headless.")
        os.environ.setdefault("OPENCV_FFMPEG_CAPTURE_OPTIONS", _RTSP_OVER_TCP)
        return connected(open_capture(url, cv2.CAP_FFMPEG, time_outs), name, what_to_do)

    return LiveCapture(name, connect, what_to_do=what_to_do, read_timeout_seconds=settings.read_timeout_seconds)


def without_secrets(url: str) -> str:
    """``url`` for the logs: user, password and query, where tokens hide, left out.

    >>> without_secrets("rtsp://admin:secret@cam.local:554/live?token=1")
    'rtsp://***@cam.local:554/live'
    """
    parts = urlsplit(url)
    _, at, host = parts.netloc.rpartition("@")
    return urlunsplit((parts.scheme, f"***@{host}" if at else host, parts.path, "", ""))
