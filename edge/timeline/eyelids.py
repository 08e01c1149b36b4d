"""Whether the eyes are open or closed, with hysteresis."""

from __future__ import annotations

from edge.timeline.states import EyeState
from edge.values import Eyes


class Eyelids:
    """Decides from the probabilities of *open* whether the eyes are closed.

    The eyes are closed when every eye that can be judged is: the more open one decides.  Between the two levels the
    eyes stay as they were; if they were not seen before, they count as unseen until a level is passed.
    """

    def __init__(self, closed_below: float, open_above: float) -> None:
        self._closed_below = closed_below
        self._open_above = open_above
        self._state = EyeState.UNSEEN

    def look(self, eyes: Eyes | None) -> EyeState:
        """The eyes' state in this frame; ``None`` where no eyes were read."""
        opening = _opening(eyes)
        if opening is None:
            self._state = EyeState.UNSEEN
        elif opening < self._closed_below:
            self._state = EyeState.CLOSED
        elif opening > self._open_above:
            self._state = EyeState.OPEN
        return self._state

    def forget(self) -> None:
        """The next eyes are not the last ones: another person's, or after the camera was lost."""
        self._state = EyeState.UNSEEN


def _opening(eyes: Eyes | None) -> float | None:
    if eyes is None:
        return None
    judged = [probability for probability in (eyes.left_open, eyes.right_open) if probability is not None]
    return max(judged, default=None)
