"""The states of the eyes and of the driver."""

from __future__ import annotations

from enum import Enum


class EyeState(str, Enum):
    """What is known of the driver's lids at one moment, or throughout one interval."""

    OPEN = "open"
    CLOSED = "closed"
    UNSEEN = "unseen"


class DrowsinessState(str, Enum):
    """The driver's state; exactly one holds at a time once the first has been judged."""

    AWAKE = "awake"
    ADVISORY = "advisory"
    DROWSY = "drowsy"
    MICROSLEEP = "microsleep"
    SLEEP = "sleep"
    UNRESPONSIVE = "unresponsive"
    CANNOT_JUDGE = "cannot-judge"

    @property
    def event(self) -> str:
        """The name of this state's events, ``drowsiness.<state>``."""
        return f"drowsiness.{self.value}"


class Unjudged(str, Enum):
    """Why the driver can't be judged: the ``reason`` of ``drowsiness.cannot-judge``."""

    NO_FACE = "no_face"
    """The main face is not in view; another may be."""
    EYES_UNSEEN = "eyes_unseen"
    """The main face is in view, and neither of its eyes can be read."""
    FRAME_RATE = "frame_rate"
    """Frames come too seldom to see closures."""
    CAMERA_LOST = "camera_lost"


URGENT = (DrowsinessState.MICROSLEEP, DrowsinessState.SLEEP, DrowsinessState.UNRESPONSIVE)
"""The states of one long closure, least urgent first."""
