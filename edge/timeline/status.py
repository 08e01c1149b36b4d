"""What the timeline knows at one moment, for whoever watches it from outside."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum

from edge.timeline.states import DrowsinessState, EyeState


class Measure(str, Enum):
    """A measure that can be withheld."""

    CLOSURES = "closures"
    PERCLOS_60S = "perclos_60s"
    PERCLOS_180S = "perclos_180s"
    BLINKS = "blinks"


class Withheld(str, Enum):
    """Why a measure is withheld."""

    FRAME_RATE = "frame_rate"
    VALID_TIME = "valid_time"


@dataclass(frozen=True, slots=True)
class DrowsinessStatus:
    """The measures behind the drowsiness state; ``None`` where a measure is withheld or there is nothing to measure.

    ``closure_seconds`` is the length of the closure that is going on (0 when none is), ``blinks`` counts from the
    start of the run; the rate and mean length of blinks are those of the last minute.
    """

    state: DrowsinessState | None
    eyes: EyeState
    closure_seconds: float | None
    unseen_seconds: float
    perclos_60s: float | None
    perclos_180s: float | None
    valid_60s_seconds: float
    blinks: int
    blinks_per_minute: float | None
    blink_seconds: float | None
    fps: float | None
    withheld: Mapping[Measure, Withheld]


@dataclass(frozen=True, slots=True)
class TimelineStatus:
    """Everything that has started and not ended at time ``t``, ``None`` before the first observation.

    ``ignored_observations`` counts those that came with a time not after ``t``.
    """

    t: float | None
    face: bool
    main_track: int | None
    gestures: tuple[str, ...]
    emotion: str | None
    drowsiness: DrowsinessStatus
    ignored_observations: int
