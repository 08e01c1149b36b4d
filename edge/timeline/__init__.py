"""What only time shows: holds, smoothing, PERCLOS, microsleep. Pure, and driven by timestamps."""

from edge.timeline.errors import TimelineError
from edge.timeline.settings import (
    DrowsinessSettings,
    EmotionSettings,
    FaceSettings,
    GestureSettings,
    TimelineSettings,
)
from edge.timeline.states import DrowsinessState, EyeState, Unjudged
from edge.timeline.status import DrowsinessStatus, Measure, TimelineStatus, Withheld
from edge.timeline.timeline import Timeline

__all__ = [
    "DrowsinessSettings",
    "DrowsinessState",
    "DrowsinessStatus",
    "EmotionSettings",
    "EyeState",
    "FaceSettings",
    "GestureSettings",
    "Measure",
    "Timeline",
    "TimelineError",
    "TimelineSettings",
    "TimelineStatus",
    "Unjudged",
    "Withheld",
]
