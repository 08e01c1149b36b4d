"""The demo scene as a source of frames."""

from __future__ import annotations

import threading
import time

from edge.camera.demo.scene import DemoScene
from edge.camera.demo.script import PASS_S
from edge.camera.errors import SourceClosedError
from edge.camera.source import Source
from edge.values import Frame

RATE_HZ = 25.0


class DemoSource(Source):
    """The scripted scene, 640×480 at 25 frames a second, over and over if ``loop``.

    In ``realtime`` it behaves like a camera: a frame comes when its time has come, and times that passed
    unread are skipped.  Otherwise every frame is delivered at once.  Times are the script's either way.
    """

    name = "demo"

    def __init__(self, realtime: bool = True, loop: bool = True) -> None:
        self.live = realtime
        self._loop = loop
        self._scene: DemoScene | None = None
        self._interrupted = threading.Event()
        self._index = 0
        self._step = 0
        self._started_at = 0.0

    def open(self) -> None:
        self.close()
        self._interrupted.clear()
        self._index = self._step = 0
        self._scene = DemoScene()
        self._started_at = time.monotonic()

    def read(self) -> Frame | None:
        if self._scene is None:
            raise SourceClosedError("demo: read() needs an open source. Received: a closed one. Call open() first.")
        if self.live and not self._wait():
            return None
        t = self._step / RATE_HZ
        if t >= PASS_S and not self._loop:
            return None
        frame = Frame(self._scene.image_at(t % PASS_S), t, self._index)
        self._index += 1
        self._step += 1
        return frame

    def _wait(self) -> bool:
        """Sleep until the next step is due, and skip those missed; False if interrupted."""
        elapsed = time.monotonic() - self._started_at
        self._step = max(self._step, int(elapsed * RATE_HZ))
        return not self._interrupted.wait(max(0.0, self._step / RATE_HZ - elapsed))

    def interrupt(self) -> None:
        self._interrupted.set()

    def close(self) -> None:
        if self._scene is not None:
            self._scene.close()
            self._scene = None
