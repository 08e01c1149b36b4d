"""The ``[detection]`` table: what is looked for, from which size on, and how often."""

from __future__ import annotations

from pydantic import Field

from edge.settings import Settings


class DetectionSettings(Settings):
    """What the device looks for in a frame."""

    faces: bool = Field(default=True, description="Look for faces; off, there is no drowsiness and no emotion either.")
    hands: bool = Field(default=True, description="Look for hands and read their gestures.")
    min_face_px: int = Field(
        default=60,
        ge=12,
        description="Smallest face to look for, in pixels of the frame; half of it costs 4 times more.",
    )
    min_hand_px: int = Field(
        default=60,
        ge=12,
        description="Smallest hand to look for, in pixels of the frame; half of it costs 4 times more.",
    )
    emotion_reads_per_second: float = Field(
        default=5.0, gt=0, le=60, description="How often the emotion of one face is read; it changes slowly."
    )
    threads: int = Field(default=1, ge=1, le=16, description="CPU threads for each network.")
