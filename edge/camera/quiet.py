"""Keeps OpenCV and FFmpeg from writing to standard error past ``logging``."""

from __future__ import annotations

import os

import cv2

_FFMPEG_LEVEL = "-8"  # AV_LOG_QUIET of libavutil/log.h
_LOG_LEVEL_SILENT = 0
_V4L_SELECT_TIMEOUT_SECONDS = "3"  # OpenCV's own 10 s outlast a stop's deadline


def quieten_opencv() -> None:
    """Silence OpenCV and FFmpeg; whoever sets OPENCV_LOG_LEVEL or OPENCV_FFMPEG_LOGLEVEL still hears them.

    OpenCV reads both FFmpeg's level and V4L2's time-out at their first use, so call this before any capture.
    """
    os.environ.setdefault("OPENCV_FFMPEG_LOGLEVEL", _FFMPEG_LEVEL)
    os.environ.setdefault("OPENCV_VIDEOIO_V4L_SELECT_TIMEOUT", _V4L_SELECT_TIMEOUT_SECONDS)
    if "OPENCV_LOG_LEVEL" not in os.environ:
        # OpenCV 5 moved it.
        set_level = cv2.setLogLevel if hasattr(cv2, "setLogLevel") else cv2.utils.logging.setLogLevel
        set_level(_LOG_LEVEL_SILENT)
