"""Whether the camera delivers pictures that can be judged, by taking some."""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from edge.camera import CameraSettings, Source, open_source, parse_source
from edge.doctor import holders
from edge.doctor.finding import Finding, failed, ok, warning
from edge.doctor.patient import Patient
from edge.errors import CameraError, InputError

LOOK_SECONDS = 1.0
"""How long it looks: exposure control settles meanwhile."""

BLACK = 4
"""Grey level up to which a frame counts as black: a lens cap, or buffers that the camera may not write to."""

DARK = 40
BRIGHT = 220
"""Mean grey levels outside of which faces are found and eyes judged badly."""


@dataclass(frozen=True)
class Look:
    """What ``LOOK_SECONDS`` of a source are like; ``grey`` is the mean level of the last frame, 0 to 255."""

    name: str
    width: int
    height: int
    rate_hz: float
    grey: float
    contrast: float

    def __str__(self) -> str:
        return (
            f"{self.name}: {self.width}×{self.height}, {self.rate_hz:.0f} frames a second, brightness {self.grey:.0f}"
        )


def check_camera(patient: Patient) -> Finding:
    """Whether the config's camera opens and sees something."""
    settings = patient.config.camera
    unit = patient.unit
    if unit.is_active:
        if "lost" in unit.status:
            return failed("camera", f"the service says: {unit.status}", "check its cable; the service tries on")
        return ok("camera", f"in use by the service: {unit.status or 'no status yet'}")
    try:
        look = look_through(settings)
    except (CameraError, InputError) as error:
        return failed("camera", f"{error}{_user(settings, patient)}", "mend that, then run vigil doctor again")
    if settings.source == "auto" and look.name == "demo":
        return failed(
            "camera", "none found; Vigil would show its demo scene", "connect a camera, or name one in [camera]"
        )
    return judge(look)


def judge(look: Look) -> Finding:
    """Whether eyes and hands can be seen in such light."""
    if look.grey <= BLACK and look.contrast <= BLACK:
        return failed(
            "camera",
            f"{look}: black",
            "take off the cap; else /dev/dma_heap/* is forbidden: add the user to group video",
        )
    if look.grey < DARK:
        return warning("camera", f"{look}: dark", "more light: eyes can't be judged in the dark")
    if look.grey > BRIGHT:
        return warning("camera", f"{look}: glaring", "turn it away from the window or lamp")
    return ok("camera", str(look))


def look_through(settings: CameraSettings) -> Look:
    """Open the source, look for a second, close it.

    Raises:
        CameraError, InputError: it doesn't open, or delivers nothing.
    """
    at_once = settings.model_copy(update={"reconnect_give_up_seconds": 1e-3})
    source = open_source(at_once, realtime=True)
    try:
        return _look(source)
    finally:
        source.close()


def _look(source: Source) -> Look:
    frame = first = source.read()
    frames, began = 0, time.monotonic()
    while frame is not None and time.monotonic() - began < LOOK_SECONDS:
        following = source.read()
        if following is None:
            break
        frame, frames = following, frames + 1
    if frame is None or first is None:
        raise CameraError(f"{source.name}: opens, but has no frame")
    height, width = frame.image.shape[:2]
    seconds = max(time.monotonic() - began, 1e-3)
    image = frame.image[::4, ::4]
    return Look(source.name, width, height, frames / seconds, float(np.mean(image)), float(np.std(image)))


def _user(settings: CameraSettings, patient: Patient) -> str:
    """Who has the camera open, where somebody has."""
    spec = parse_source(settings.source)
    if spec.kind != "v4l2" or not Path(spec.target).exists():
        return ""
    using = holders.holders(Path(spec.target).resolve(), patient.root)
    return f" Held by {holders.in_words(using)}." if using else ""
