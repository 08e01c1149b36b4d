"""What a benchmark has found: the values that are printed, written as JSON, and kept as a board's reference."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

WHOLE = "total"
"""The stage that is the whole frame."""


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class Machine(_Part):
    """What was measured on; ``None`` is what this device doesn't tell.

    ``board`` is the device tree's model, or else the CPU's; ``slug`` names a reference for it.  ``throttled`` says why
    the board slows itself down, empty if it doesn't, or can't be asked.
    """

    board: str
    slug: str
    cpus: int
    architecture: str
    system: str
    python: str
    numpy: str
    opencv: str
    runtime: str
    governor: str | None
    throttled: str
    celsius: float | None


class Workload(_Part):
    """What was asked for; figures of different workloads can't be compared."""

    source: str
    width_px: int
    height_px: int
    pictures: int
    threads: int
    min_face_px: int
    min_hand_px: int
    tasks: tuple[str, ...]


class Stage(_Part):
    """Milliseconds of one stage: ``median_ms`` and ``p95_ms`` over the ``share`` of frames in which it did something.

    ``mean_ms`` is over all frames, so that the stages add up to the whole.  ``alone_ms`` is the median on pictures by
    themselves, with no frame before them that tells where to look.
    """

    share: float
    median_ms: float | None
    p95_ms: float | None
    mean_ms: float
    alone_ms: float | None


class NetworkUse(_Part):
    """One network in one shape ``(n, height, width, channels)``: ``macs`` and ``ms`` are those of one call."""

    name: str
    shape: tuple[int, int, int, int]
    calls_per_frame: float
    macs: int | None
    operations: int | None
    delegated: int | None
    ms: float


class Report(_Part):
    """One benchmark.  ``outside_networks`` is the share of the frames' time that is not spent in interpreters."""

    format: Literal[1] = 1
    date: str
    vigil: str
    machine: Machine
    workload: Workload
    frames: int = Field(ge=1)
    load_seconds: float
    frames_per_second: float
    cpu_seconds_per_frame: float
    outside_networks: float
    peak_memory_mib: float
    pictures_mib: float
    stages: dict[str, Stage]
    networks: tuple[NetworkUse, ...]
    bundles: dict[str, str]
