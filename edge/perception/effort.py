"""How hard an observer tries: how often and how finely it searches, and how often it reads emotions."""

from __future__ import annotations

from dataclasses import dataclass

from edge.vision.schedule import Intervals

FACES_AT_BEST = Intervals()

HANDS_AT_BEST = Intervals(whole=0.0, idle=1 / 15)
"""Hands are searched for in every frame: they move too fast, and a gesture shall count at once.

Until the first is seen every second frame of 30 in a second is enough; it is then found later by less than ``idle``.
"""


@dataclass(frozen=True, slots=True)
class Effort:
    """The default is all that the settings ask for.

    ``size_scale``: the smallest faces and hands looked for, in those of the settings.  ``emotion_scale``: how often
    the emotion of a face is read, as a share of the settings' rate.  Eyes are read in every frame whatever the effort.
    """

    faces: Intervals = FACES_AT_BEST
    hands: Intervals = HANDS_AT_BEST
    size_scale: float = 1.0
    emotion_scale: float = 1.0


AT_BEST = Effort()
