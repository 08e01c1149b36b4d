"""The open outputs and the open camera of the configuration in force."""

from __future__ import annotations

import logging
from collections.abc import Callable

from edge.actions.outputs import Outputs
from edge.actions.pins import board_model, choose
from edge.actions.safe import safe_lines
from edge.camera import CameraSettings, open_source
from edge.camera.reconnecting import ignore
from edge.config import Config
from edge.errors import CameraError, InputError, OutputError
from edge.service.feed import EveryFrame, FrameFeed, LaterFeed, NewestFrame
from edge.service.pinrecord import PinRecord

log = logging.getLogger(__name__)


class Devices:
    """Opened by `open`, exchanged by `exchange`; `close` makes the outputs safe and gives everything back.

    ``lost`` is why the camera is lost, while it is; ``on_lost`` may be set, and hears of it in the reader's thread.
    """

    def __init__(self, pins: str, *, every_frame: bool, record: PinRecord) -> None:
        self.on_lost: Callable[[str], None] = ignore
        self.lost: str | None = None
        self.source_name = ""
        self._pins = pins
        self._every_frame = every_frame
        self._record = record
        self._outputs: Outputs | None = None
        self._feed: FrameFeed | None = None

    @property
    def outputs(self) -> Outputs:
        if self._outputs is None:
            raise RuntimeError("outputs used before they were opened")
        return self._outputs

    @property
    def feed(self) -> FrameFeed:
        if self._feed is None:
            raise RuntimeError("camera used before it was opened")
        return self._feed

    def open(self, config: Config) -> None:
        """Claim the pins, then open the camera.

        Raises:
            OutputError, CameraError, InputError: what can't be opened; call `close` for the rest.
        """
        self._open_outputs(config)
        self._open_feed(config.camera, 0.0)

    def exchange(self, old: Config, new: Config, t: float) -> None:
        """Open what ``new`` has otherwise than ``old``; what is the same in both stays open.

        The frames of a new camera go on from ``t`` in seconds.

        Raises:
            OutputError, CameraError, InputError: what can't be opened; ``old`` is in force again then, unless that
                can't be opened any more either.
        """
        try:
            if new.camera != old.camera:
                self._close_feed()
                self._open_feed(new.camera, t)
            if new.outputs != old.outputs:
                self._close_outputs()
                self._open_outputs(new)
        except (OutputError, CameraError, InputError):
            if new.camera != old.camera:
                self._close_feed()
                self._open_feed(old.camera, t)
            if self._outputs is None:
                self._open_outputs(old)
            raise

    def close(self) -> None:
        """Give everything back."""
        self._close_feed()
        self._close_outputs()

    def _open_outputs(self, config: Config) -> None:
        factory = choose(self._pins, board_model())
        self._record.write(factory, safe_lines(config.outputs))
        self._outputs = Outputs.open(config.outputs, factory)

    def _close_outputs(self) -> None:
        if self._outputs is not None:
            self._outputs.close()
            self._outputs = None
        self._record.clear()

    def _open_feed(self, settings: CameraSettings, t: float) -> None:
        self.lost = None
        source = open_source(
            settings, realtime=not self._every_frame, on_lost=self._camera_lost, on_recovered=self._camera_back
        )
        self.source_name = source.name
        feed: FrameFeed = EveryFrame(source) if self._every_frame else NewestFrame(source)
        self._feed = LaterFeed(feed, t) if t else feed

    def _close_feed(self) -> None:
        if self._feed is not None:
            self._feed.close()
            self._feed = None

    def _camera_lost(self, reason: str) -> None:
        self.lost = reason
        self.on_lost(reason)

    def _camera_back(self, absent_seconds: float) -> None:
        self.lost = None
