"""What a frame would cost on a Raspberry Pi, from a report of ``vigil bench`` elsewhere: a forecast, no measurement.

    python benchmarks/forecast.py benchmarks/reference/amd-epyc-family-26-model-2.json

The networks' time is their multiply-accumulates over what a core does in int8; the time outside of them is what was
measured, times how much slower the board runs Python.  Each :class:`Board` says where its figures come from.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from edge.bench.reference import read_reference
from edge.bench.report import WHOLE, Report
from edge.tables import Row, format_table

EFFICIENCY = 0.35
"""The share of a core's int8 peak that XNNPACK reaches.

MobileNetV2 in int8, 300 million multiply-accumulates, takes 17 ms on a Pi 4.  On one core that would be above its peak
of 12 a nanosecond (at 1.5 GHz), so it must be on all four: 4.4 each.
"""


@dataclass(frozen=True)
class Board:
    """``macs_a_cycle``: int8 multiply-accumulates of a core; ``slower``: Python's time there over its time here."""

    name: str
    ghz: float
    macs_a_cycle: int
    slower: float

    @property
    def macs_a_ms(self) -> float:
        return self.ghz * 1e6 * self.macs_a_cycle * EFFICIENCY


BOARDS = (
    Board("Pi 4", 1.5, 8, 4.0),
    Board("Pi 5", 2.4, 32, 2.0),
)
"""Cortex-A72 and A76.  ``slower`` is for the AMD EPYC of the reference: the n-body benchmark in Python 3.7 takes 40 s
there and 158 s on a Pi 4 (C. Mehta, "Performance Analysis of Languages on Raspberry Pi"); a Pi 5 does 1.85 times as
much as a Pi 4 in sysbench's single thread."""


@dataclass(frozen=True)
class Stage:
    """Of one frame, on average: milliseconds here, of them within networks, and multiply-accumulates."""

    name: str
    ms: float
    network_ms: float
    macs: float

    def on(self, board: Board) -> float:
        """Milliseconds on ``board``."""
        return self.macs / board.macs_a_ms + (self.ms - self.network_ms) * board.slower


def stages_of(report: Report) -> list[Stage]:
    """The stages of ``report``, without the whole.

    Raises:
        SystemExit: it doesn't hold the networks' multiply-accumulates.
    """
    found = []
    for name, stage in report.stages.items():
        networks = [network for network in report.networks if network.name.split("/")[0] == name]
        if any(network.macs is None for network in networks):
            raise SystemExit(f"{name}: the runtime of this report didn't tell what its networks compute")
        network_ms = sum(network.ms * network.calls_per_frame for network in networks)
        macs = sum((network.macs or 0) * network.calls_per_frame for network in networks)
        found.append(Stage(name, stage.mean_ms, network_ms, macs))
    return [stage for stage in found if stage.name != WHOLE]


def rows(stages: list[Stage]) -> Iterator[Row]:
    """A table: what was measured, and what is forecast."""
    yield ("stage", "ms here", "in networks", "MMAC", *(f"{board.name} ms" for board in BOARDS))
    for stage in stages:
        yield (
            stage.name,
            f"{stage.ms:.2f}",
            f"{stage.network_ms:.2f}",
            f"{stage.macs / 1e6:.1f}",
            *(f"{stage.on(board):.1f}" for board in BOARDS),
        )
    yield (
        "total",
        f"{sum(stage.ms for stage in stages):.2f}",
        f"{sum(stage.network_ms for stage in stages):.2f}",
        f"{sum(stage.macs for stage in stages) / 1e6:.1f}",
        *(f"{sum(stage.on(board) for stage in stages):.1f}" for board in BOARDS),
    )
    whole = sum(stage.ms for stage in stages)
    yield (
        "frames a second",
        f"{1e3 / whole:.0f}",
        "",
        "",
        *(f"{1e3 / sum(stage.on(board) for stage in stages):.0f}" for board in BOARDS),
    )


def parse(words: Sequence[str] | None = None) -> argparse.Namespace:
    """What the command line asks for."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("report", type=Path, metavar="REPORT", help="what vigil bench --save has written")
    return parser.parse_args(words)


def main() -> None:
    """Print the forecast."""
    arguments = parse()
    print("A forecast, on one thread, averages of a frame:\n")
    print(format_table(rows(stages_of(read_reference(arguments.report)))))


if __name__ == "__main__":
    main()
