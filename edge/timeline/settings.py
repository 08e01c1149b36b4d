"""What the timeline can be told: the tables ``[gesture]``, ``[emotion]``, ``[face]`` and ``[drowsiness]``.

The defaults of ``[drowsiness]`` are published limits: PERCLOS levels from the FHWA/NHTSA brief, NSTSCE and
DOT HS 811 117; closures from Euro NCAP's driver state monitoring (microsleep 1–2 s, sleep from 3 s, unresponsive
from 6 s).
"""

from __future__ import annotations

from itertools import pairwise
from typing import Annotated

from pydantic import Field, model_validator

from edge.settings import Settings

Seconds = Annotated[float, Field(gt=0, le=3600, allow_inf_nan=False)]
Share = Annotated[float, Field(gt=0, lt=1, allow_inf_nan=False)]
FramesPerSecond = Annotated[float, Field(gt=0, le=1000, allow_inf_nan=False)]


def _check_gap(max_gap_seconds: float, limit: str, limit_seconds: float) -> None:
    if max_gap_seconds >= limit_seconds:
        raise ValueError(
            f"max_gap_seconds must be below {limit} ({limit_seconds}), or a gap that doesn't break what is shown "
            f"would end it; received {max_gap_seconds}"
        )


class _LabelSettings(Settings):
    """What gestures and emotions have in common: when a label counts as shown."""

    min_probability: Share
    release_probability: Share
    smoothing_seconds: Seconds
    hold_seconds: Seconds
    release_seconds: Seconds
    max_gap_seconds: Seconds

    @model_validator(mode="after")
    def _check_levels(self) -> _LabelSettings:
        if self.release_probability > self.min_probability:
            raise ValueError(
                f"release_probability must not be above min_probability ({self.min_probability}), "
                f"received {self.release_probability}"
            )
        _check_gap(self.max_gap_seconds, "release_seconds", self.release_seconds)
        return self


class GestureSettings(_LabelSettings):
    """When a hand's gesture counts as made."""

    min_probability: Share = Field(default=0.85, description="Smoothed probability from which a gesture is shown.")
    release_probability: Share = Field(
        default=0.6, description="A gesture that is shown stays so down to this smoothed probability."
    )
    smoothing_seconds: Seconds = Field(default=0.15, description="Time constant of the smoothing of probabilities.")
    hold_seconds: Seconds = Field(default=0.5, description="How long a gesture is held until it starts.")
    release_seconds: Seconds = Field(default=0.4, description="How long a gesture is gone until it ends.")
    refractory_seconds: float = Field(
        default=1.0,
        ge=0,
        le=3600,
        allow_inf_nan=False,
        description="After a gesture's end, how long the same gesture cannot start again.",
    )
    max_gap_seconds: Seconds = Field(
        default=0.3, description="How long a hand may go unread (missed, camera stalled) without breaking its hold."
    )


class EmotionSettings(_LabelSettings):
    """When the driver's emotion counts as changed."""

    enabled: bool = Field(
        default=True,
        description="Read and report emotions; off, the network for them is not even loaded. "
        "The EU AI Act bans emotion recognition at work and in schools, safety reasons aside.",
    )
    min_probability: Share = Field(default=0.5, description="Smoothed probability from which an emotion is shown.")
    release_probability: Share = Field(
        default=0.4, description="An emotion that is shown stays so down to this smoothed probability."
    )
    smoothing_seconds: Seconds = Field(default=0.5, description="Time constant of the smoothing of probabilities.")
    hold_seconds: Seconds = Field(default=1.0, description="How long a new emotion is shown until it starts.")
    release_seconds: Seconds = Field(default=1.5, description="How long an emotion is gone until it ends.")
    max_gap_seconds: Seconds = Field(
        default=0.6, description="How long a face may go unread (missed, camera stalled) without breaking the hold."
    )


class FaceSettings(Settings):
    """When a face counts as there, and which face is the main one (the driver's)."""

    appear_seconds: Seconds = Field(default=0.3, description="How long a face is in view until it has appeared.")
    vanish_seconds: Seconds = Field(default=1.0, description="How long no face is in view until it has disappeared.")
    max_gap_seconds: Seconds = Field(
        default=0.3, description="How long faces may be missed without breaking an appearance."
    )
    handover_seconds: Seconds = Field(
        default=3.0,
        description="How long the main face must be gone, or much smaller than another, until the largest takes over.",
    )

    @model_validator(mode="after")
    def _check(self) -> FaceSettings:
        _check_gap(self.max_gap_seconds, "vanish_seconds", self.vanish_seconds)
        return self


class DrowsinessSettings(Settings):
    """When the driver counts as drowsy, asleep, or not to be judged."""

    enabled: bool = Field(
        default=True, description="Read the eyes and judge drowsiness; off, there are no drowsiness events at all."
    )

    closed_below: Share = Field(default=0.4, description="Eyes close when the probability of 'open' falls below this.")
    open_above: Share = Field(default=0.6, description="Eyes open when the probability of 'open' rises above this.")

    microsleep_seconds: Seconds = Field(default=1.5, description="Closure from which on it is a microsleep.")
    sleep_seconds: Seconds = Field(default=3.0, description="Closure from which on it is sleep.")
    unresponsive_seconds: Seconds = Field(default=6.0, description="Closure from which on it is unresponsiveness.")
    recovery_seconds: Seconds = Field(default=0.3, description="How long eyes are open until a long closure is over.")
    min_opening_seconds: Seconds = Field(
        default=0.15,
        description="A shorter opening between closed frames is a misreading: it interrupts a closure, not ends it.",
    )
    max_bridge_seconds: Seconds = Field(
        default=0.3, description="Eyes unseen for no longer than this interrupt a closure; longer, they end it."
    )

    advisory_perclos_60s: Share = Field(default=0.08, description="PERCLOS over 60 s from which on it is an advisory.")
    drowsy_perclos_60s: Share = Field(
        default=0.15, description="PERCLOS over 60 s from which on, with the next, drowsy."
    )
    drowsy_perclos_180s: Share = Field(default=0.10, description="PERCLOS over 180 s that drowsy needs as well.")
    exit_ratio: float = Field(
        default=0.8,
        gt=0,
        le=1,
        description="Advisory and drowsy end when PERCLOS falls below this times the level that it started at.",
    )
    min_valid_share: float = Field(
        default=0.5,
        gt=0,
        le=1,
        description="PERCLOS is withheld while eyes were seen for less than this share of its window (30 of 60 s).",
    )
    blink_seconds: Seconds = Field(default=0.25, description="A shorter closure is a blink and not in PERCLOS.")

    cannot_judge_seconds: Seconds = Field(
        default=10.0, description="How long the eyes are unseen until 'cannot judge' is said."
    )
    max_frame_gap_seconds: Seconds = Field(
        default=0.5, description="Time between two frames further apart than this is unseen time."
    )
    closures_min_fps: FramesPerSecond = Field(default=5.0, description="Frame rate below which eyes count as unseen.")
    perclos_min_fps: FramesPerSecond = Field(default=10.0, description="Frame rate below which PERCLOS is withheld.")
    blinks_min_fps: FramesPerSecond = Field(default=15.0, description="Frame rate below which blinks are withheld.")

    @model_validator(mode="after")
    def _check(self) -> DrowsinessSettings:
        self._check_ascending("closed_below", "open_above")
        self._check_ascending("blink_seconds", "microsleep_seconds", "sleep_seconds", "unresponsive_seconds")
        self._check_ascending("min_opening_seconds", "recovery_seconds", "cannot_judge_seconds")
        self._check_ascending("max_bridge_seconds", "microsleep_seconds")
        self._check_ascending("max_frame_gap_seconds", "cannot_judge_seconds")
        self._check_ascending("advisory_perclos_60s", "drowsy_perclos_60s")
        self._check_ascending("closures_min_fps", "perclos_min_fps", "blinks_min_fps")
        if self.max_frame_gap_seconds * self.closures_min_fps < 1:
            raise ValueError(
                f"max_frame_gap_seconds must be at least 1 / closures_min_fps ({1 / self.closures_min_fps:.3f} s), "
                f"or no closure could be seen at that rate; received {self.max_frame_gap_seconds}"
            )
        return self

    def _check_ascending(self, *names: str) -> None:
        values = [getattr(self, name) for name in names]
        if any(low >= high for low, high in pairwise(values)):
            raise ValueError(f"{' < '.join(names)} must hold, received {', '.join(map(str, values))}")


class TimelineSettings(Settings):
    """All tables of the timeline."""

    gesture: GestureSettings = GestureSettings()
    emotion: EmotionSettings = EmotionSettings()
    face: FaceSettings = FaceSettings()
    drowsiness: DrowsinessSettings = DrowsinessSettings()
