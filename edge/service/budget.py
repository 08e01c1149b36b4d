"""Every time-out of the service, in one place, each derived from those that it must outlast.

``systemd/vigil.service`` states the last three; a test parses it and asserts the order.  Seconds throughout.
"""

from __future__ import annotations

TICK_SECONDS = 0.02
"""How often patterns advance in a live run: two fifths of the shortest beep that the config allows."""

POLL_SECONDS = 0.5
"""How long the loop waits for a frame before it looks whether to stop."""

FRAME_SECONDS = 5.0
"""Longest that one frame may take on a healthy board, however hot and busy it is."""

THREAD_SECONDS = 2.0
"""How long a thread gets to end after it was told to."""

OUTPUTS_SAFE_SECONDS = 2.0
"""Outputs are safe this soon after a request to stop, whatever the loop is at."""

MAX_READ_TIMEOUT_SECONDS = 60.0
"""The longest ``read_timeout_seconds`` that a config may ask for: a silent camera is declared lost after it."""

CAMERA_OPEN_SECONDS = MAX_READ_TIMEOUT_SECONDS
"""Longest that a camera or stream takes to open; a stream gives up after its ``read_timeout_seconds``."""

MODELS_SECONDS = 40.0
"""Longest that it takes to import, read the config, and load and verify every bundle."""

MARGIN_SECONDS = 5.0

START_SECONDS = MODELS_SECONDS + CAMERA_OPEN_SECONDS + MAX_READ_TIMEOUT_SECONDS + FRAME_SECONDS + MARGIN_SECONDS
"""``TimeoutStartSec``: models, outputs, camera and first frame."""

STOP_SECONDS = POLL_SECONDS + FRAME_SECONDS + 2 * THREAD_SECONDS + MARGIN_SECONDS
"""``TimeoutStopSec``: the frame in hand, the patterns' and the camera's thread; then systemd kills."""

EXCHANGE_SECONDS = 2 * CAMERA_OPEN_SECONDS + MARGIN_SECONDS
"""Longest that a reload keeps the loop from its frames: a new camera is opened, and the old one again if that fails."""

WATCHDOG_SECONDS = 30.0
"""``WatchdogSec``: what the unit asks for; `watchdog_seconds` says what a config needs."""

FEED_SECONDS = 1.0
"""The watchdog is fed no more often than this: each time wakes systemd."""


def watchdog_seconds(read_timeout_seconds: float) -> float:
    """How long the daemon may be silent.

    A healthy one is silent while its camera is, until that is declared lost, and while it works on one frame.
    """
    silence = read_timeout_seconds + POLL_SECONDS + FRAME_SECONDS + FEED_SECONDS + MARGIN_SECONDS
    return max(WATCHDOG_SECONDS, silence)


def absence_seconds(give_up_seconds: float, read_timeout_seconds: float) -> float | None:
    """How long a camera that was declared lost may stay so before its reader must have given up; ``None``: for ever.

    The last try to reopen begins just before ``give_up_seconds`` and may take an opening and a first frame.
    """
    if give_up_seconds == 0:
        return None
    return give_up_seconds + CAMERA_OPEN_SECONDS + read_timeout_seconds + MARGIN_SECONDS
