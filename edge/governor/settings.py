"""The ``[performance]`` table."""

from __future__ import annotations

from pydantic import Field

from edge.settings import Settings

LEAST_RATE_HZ = 10.0
"""Below so many frames a second PERCLOS says nothing (see DrowsinessSettings): no level asks for less."""


class PerformanceSettings(Settings):
    """What a live run may use.  Where that isn't enough it searches less often, then less finely, and says so."""

    frames_per_second: float = Field(
        default=30.0,
        ge=LEAST_RATE_HZ,
        le=240,
        description="Most frames to look at in a second, and the rate to keep if the camera delivers it.",
    )
    cpu_share: float = Field(
        default=1.0, ge=0.05, le=64, description="CPU time to use, in processor cores: 0.5 is half of one core."
    )
