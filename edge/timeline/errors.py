"""What can be wrong with what the timeline is given."""

from __future__ import annotations

from edge.errors import VigilError


class TimelineError(VigilError, ValueError):
    """An observation's time is no time at all."""
