"""A benchmark's report for a person."""

from __future__ import annotations

from collections.abc import Iterator

from edge.bench.measure import REST, TIMELINE
from edge.bench.reference import Comparison
from edge.bench.report import WHOLE, Machine, NetworkUse, Report, Stage
from edge.tables import Row, format_table

UNKNOWN = "unknown"


def in_words(report: Report, comparison: Comparison | None) -> str:
    """The whole report; ``comparison`` is None where there is no reference for this board."""
    parts = [
        _machine(report.machine),
        _workload(report),
        format_table(_stage_rows(report.stages)),
        format_table(_whole_rows(report)),
        format_table(_network_rows(report.networks)),
        _comparison(comparison) if comparison else _no_reference(report.machine),
    ]
    return "\n\n".join(parts)


def _machine(machine: Machine) -> str:
    heat = UNKNOWN if machine.celsius is None else f"{machine.celsius:.0f} °C"
    return (
        f"{machine.board}, {machine.cpus} CPUs, {machine.architecture}; {machine.system}\n"
        f"Python {machine.python}, numpy {machine.numpy}, OpenCV {machine.opencv}, {machine.runtime}\n"
        f"governor {machine.governor or UNKNOWN}, temperature {heat}, {machine.throttled or 'no throttling known'}"
    )


def _workload(report: Report) -> str:
    workload = report.workload
    return (
        f"{report.frames} frames of {workload.source}, {workload.width_px}×{workload.height_px}, {workload.pictures} "
        f"pictures held; threads {workload.threads}, faces from {workload.min_face_px} px on, hands from "
        f"{workload.min_hand_px} px on"
    )


def _stage_rows(stages: dict[str, Stage]) -> Iterator[Row]:
    yield ("stage", "in frames", "median ms", "95 % ms", "ms a frame", "picture alone ms")
    for name, stage in stages.items():
        yield (
            name,
            "" if name in (REST, TIMELINE, WHOLE) else f"{stage.share:.0%}",
            _ms(stage.median_ms),
            _ms(stage.p95_ms),
            _ms(stage.mean_ms),
            _ms(stage.alone_ms),
        )


def _whole_rows(report: Report) -> Iterator[Row]:
    yield ("frames a second", f"{report.frames_per_second:.1f}")
    yield ("CPU seconds a frame", f"{report.cpu_seconds_per_frame:.5f}")
    yield ("outside of the networks", f"{report.outside_networks:.0%}")
    yield ("peak memory MiB", f"{report.peak_memory_mib:.0f}")
    yield ("of it held pictures MiB", f"{report.pictures_mib:.0f}")
    yield ("loading until the first frame s", f"{report.load_seconds:.2f}")


def _network_rows(networks: tuple[NetworkUse, ...]) -> Iterator[Row]:
    yield ("network", "input", "calls a frame", "MMAC", "on XNNPACK", "ms a call", "ms a frame")
    for network in networks:
        delegated = UNKNOWN if network.delegated is None else f"{network.delegated} of {network.operations}"
        yield (
            network.name,
            "×".join(map(str, network.shape)),
            f"{network.calls_per_frame:.2f}",
            UNKNOWN if network.macs is None else f"{network.macs / 1e6:.2f}",
            delegated,
            _ms(network.ms),
            _ms(network.ms * network.calls_per_frame),
        )


def _comparison(comparison: Comparison) -> str:
    name = f"the reference {comparison.file} ({comparison.board}, {comparison.date})"
    if comparison.differing:
        return f"Not compared with {name}: it was taken with other {', '.join(comparison.differing)}."
    changed = ", ".join(comparison.other_bundles)
    note = f"\nThe bundles of {changed} are of another version than the reference's." if changed else ""
    rows = [("figure", "ratio"), *((name, f"{ratio:.2f}") for name, ratio in comparison.ratios.items())]
    return f"Ratios to {name}; below 1 is less:{note}\n{format_table(rows)}"


def _no_reference(machine: Machine) -> str:
    return (
        f"There is no reference for this board ({machine.slug}): nothing to compare with. "
        "vigil bench --save FILE keeps this one, --reference FILE compares with a kept one."
    )


def _ms(value: float | None) -> str:
    return "–" if value is None else f"{value:.2f}" if value >= 1 else f"{value:.3f}"
