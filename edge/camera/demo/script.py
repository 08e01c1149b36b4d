"""What happens when in the demo scene: one table, in seconds from the start of a pass."""

from __future__ import annotations

from dataclasses import dataclass

PASS_S = 24.0
"""Length of one pass."""


@dataclass(frozen=True, slots=True)
class Cue:
    """``what`` (a gesture's label, or ``"eyes_closed"``) is fully shown from ``start_s`` to ``end_s``."""

    what: str
    start_s: float
    end_s: float


EYES_CLOSED = "eyes_closed"

SCRIPT: tuple[Cue, ...] = (
    Cue("palm", 2.5, 5.0),
    Cue("fist", 6.0, 8.0),
    Cue("thumb_up", 9.0, 11.0),
    Cue(EYES_CLOSED, 13.0, 15.4),
)
"""Otherwise the face is alone, awake, and blinks."""

BLINKS_S: tuple[float, ...] = (1.2, 4.3, 7.1, 8.6, 11.9, 16.9, 19.6, 22.8)
"""Middle of each blink."""

HAND_RISES_S = 0.4
"""A hand slides in before its cue and out after it in this time."""

LIDS_FALL_S = 0.14
LIDS_RISE_S = 0.2
"""Before and after a closure, and of a blink (falling is faster, as in people)."""

_BLINK_SHUT_S = 0.05


def gestures() -> tuple[Cue, ...]:
    """The cues that show a hand."""
    return tuple(cue for cue in SCRIPT if cue.what != EYES_CLOSED)


def _presence(t: float, start_s: float, end_s: float, before_s: float, after_s: float) -> float:
    """0 away, 1 between ``start_s`` and ``end_s``, eased (smoothstep) before and after."""
    share = min((t - start_s) / before_s + 1, (end_s - t) / after_s + 1)
    share = min(max(share, 0.0), 1.0)
    return share * share * (3 - 2 * share)


def eye_closure(t: float) -> float:
    """How far the eyelids are down at ``t`` within the pass: 0 open, 1 closed."""
    closures = [(cue.start_s, cue.end_s) for cue in SCRIPT if cue.what == EYES_CLOSED]
    closures += [(middle - _BLINK_SHUT_S / 2, middle + _BLINK_SHUT_S / 2) for middle in BLINKS_S]
    return max(_presence(t, start, end, LIDS_FALL_S, LIDS_RISE_S) for start, end in closures)


def hand_presence(cue: Cue, t: float) -> float:
    """How far the hand of ``cue`` has risen into the picture at ``t``: 0 out of it, 1 in place."""
    return _presence(t, cue.start_s, cue.end_s, HAND_RISES_S, HAND_RISES_S)
