"""Finding the camera of this board."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator

from edge.camera.jetson import has_csi_sensor
from edge.camera.picamera import has_csi_camera, load_picamera2
from edge.camera.source import Source
from edge.camera.v4l2 import video_devices
from edge.errors import CameraError

log = logging.getLogger(__name__)

DEMO = "demo"


def candidates() -> Iterator[str]:
    """Names of the sources that ``auto`` tries, in order: CSI cameras, USB cameras."""
    if _raspberry_pi_camera():
        yield "picamera2"
    if has_csi_sensor():
        yield "jetson"
    for device in video_devices():
        yield f"v4l2:{device}"


def open_first_working(names: Iterator[str], build: Callable[[str], Source]) -> Source:
    """The first of ``names`` that really delivers a frame, open; else the demo scene, which is said in the log."""
    for name in names:
        source = build(name)
        if _delivers(source):
            log.info("camera found: %s", source.name)
            return source
    log.warning(
        "no camera found: showing the built-in demo scene, which is rendered, not filmed. "
        "Connect a camera, or name one by source in [camera] or by --source"
    )
    demo = build(DEMO)
    demo.open()
    return demo


def _delivers(source: Source) -> bool:
    """Whether ``source`` opens and delivers a frame; it stays open if so."""
    try:
        source.open()
        delivered = source.read() is not None
    except CameraError as error:
        log.info("passed over: %s", error)
        delivered = False
    if not delivered:
        source.close()
    return delivered


def _raspberry_pi_camera() -> bool:
    try:
        return has_csi_camera(load_picamera2())
    except CameraError as error:
        log.debug("%s", error)
        return False
