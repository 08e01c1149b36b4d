"""The declared order in which the device tries less hard, mildest first; each level keeps what those before it gave up.

First the intervals between searches grow, then the smallest faces and hands, then emotion is read more seldom, and last
fewer frames are looked at.  Eyes are read in every frame that is looked at, at all levels.
"""

from __future__ import annotations

from dataclasses import dataclass

from edge.governor.settings import LEAST_RATE_HZ
from edge.perception.effort import AT_BEST, Effort
from edge.vision.schedule import Intervals

_CALM = Intervals(whole=2.0, part=0.3, missing=0.2)
_HANDS_OFTEN = Intervals(whole=0.1, part=float("inf"), missing=0.1)
_HANDS_SELDOM = Intervals(whole=0.25, part=float("inf"), missing=0.25)


@dataclass(frozen=True, slots=True)
class Level:
    """An effort, at most so many frames a second of the settings', and what it means in words."""

    says: str
    effort: Effort = AT_BEST
    most_hz: float = float("inf")


LEVELS: tuple[Level, ...] = (
    Level("everything as the settings say"),
    Level("hands are searched for 10 times a second", Effort(hands=_HANDS_OFTEN)),
    Level("the frame is searched half as often", Effort(_CALM, _HANDS_SELDOM)),
    Level("faces and hands must be half as large again to be found", Effort(_CALM, _HANDS_SELDOM, 1.5)),
    Level("faces and hands must be twice as large to be found", Effort(_CALM, _HANDS_SELDOM, 2.0)),
    Level("emotion is read a third as often", Effort(_CALM, _HANDS_SELDOM, 2.0, 0.3)),
    Level("15 frames a second are looked at", Effort(_CALM, _HANDS_SELDOM, 2.0, 0.3), 15.0),
    Level("10 frames a second are looked at", Effort(_CALM, _HANDS_SELDOM, 2.0, 0.3), LEAST_RATE_HZ),
)
