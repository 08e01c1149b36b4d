"""The ``[camera]`` table."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, field_validator, model_validator

from edge.camera.spec import CAMERA_KINDS, parse_source
from edge.settings import Settings


class CameraSettings(Settings):
    """Where the frames come from, and what happens when they stop."""

    source: str = Field(
        "auto",
        description="auto, demo, picamera2, v4l2:/dev/video0 (or /dev/video0, or 0), jetson, rtsp://…, "
        "the path of a video file or of a folder of images. auto takes the first camera that works, "
        "else the demo scene",
    )
    width_px: int = Field(640, ge=64, le=7680, description="width asked of a camera; files and streams keep their own")
    height_px: int = Field(480, ge=64, le=4320, description="height asked of a camera")
    rate_hz: float = Field(30.0, gt=0, le=240, description="frame rate asked of a camera; rate of a folder of images")
    rotate_degrees: Literal[0, 90, 180, 270] = Field(0, description="turn every image clockwise: 0, 90, 180 or 270")
    mirror: bool = Field(False, description="swap left and right, after turning")
    loop: bool = Field(False, description="start a file or folder again at its end")
    read_timeout_seconds: float = Field(
        5.0, ge=1, le=60, description="a camera or stream that is silent for this long is lost"
    )
    reconnect_first_seconds: float = Field(
        0.5, gt=0, le=60, description="wait before the first try to reopen a lost camera; doubles with every try"
    )
    reconnect_max_seconds: float = Field(10.0, gt=0, le=3600, description="longest wait between two tries")
    reconnect_give_up_seconds: float = Field(
        60.0,
        ge=0,
        description="exit when a lost camera is not back after this long, so that systemd restarts; 0: never",
    )

    @field_validator("source")
    @classmethod
    def _source_is_known(cls, source: str) -> str:
        parse_source(source)
        return source

    @model_validator(mode="after")
    def _waits_are_in_order(self) -> CameraSettings:
        if self.reconnect_first_seconds > self.reconnect_max_seconds:
            raise ValueError(
                "reconnect_first_seconds must not exceed reconnect_max_seconds; "
                f"received {self.reconnect_first_seconds:g} and {self.reconnect_max_seconds:g}"
            )
        return self

    @model_validator(mode="after")
    def _gives_up_after_a_try(self) -> CameraSettings:
        if 0 < self.reconnect_give_up_seconds < self.reconnect_first_seconds:
            raise ValueError(
                "reconnect_give_up_seconds must be 0 (never) or at least reconnect_first_seconds; "
                f"received {self.reconnect_give_up_seconds:g} and {self.reconnect_first_seconds:g}"
            )
        return self

    @model_validator(mode="after")
    def _only_files_loop(self) -> CameraSettings:
        if self.loop and parse_source(self.source).kind in CAMERA_KINDS:
            raise ValueError(f"loop = true is for files and folders; received source = {self.source!r}")
        return self
