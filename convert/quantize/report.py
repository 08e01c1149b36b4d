"""What a conversion brought and cost: as tables for a person, and as figures for the manifest."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from typing import Any

from convert.quantize.quantize import QuantizedNetwork
from edge.inference.manifest import Conversion, Metrics, OutputParity
from edge.tables import Row, format_table

DIGITS = 4
"""Significant digits of a figure in the manifest."""


def conversion(network: QuantizedNetwork) -> Conversion:
    """The figures of ``network`` that are the same in every run: all but the times."""
    delegated = Counter(operation.name for operation in network.operations if operation.delegated)
    slow = Counter(operation.name for operation in network.operations if not operation.delegated)
    return Conversion(
        method="quantization-aware" if network.tuned else "post-training",
        calibration_inputs=network.calibration_inputs,
        checked_inputs=network.checked_inputs,
        int8_bytes=len(network.model),
        float_bytes=len(network.float_model),
        operations=dict(sorted(delegated.items())),
        slow_operations=dict(sorted(slow.items())),
        parity={parity.output: OutputParity(**_rounded(asdict(parity))) for parity in network.parity},
    )


def format_report(networks: Sequence[QuantizedNetwork], metrics: Sequence[Metrics] = ()) -> str:
    """Networks, outputs, operations and, with ``metrics``, classes: each a table of plain text."""
    tables = [
        format_table(_network_rows(networks)),
        format_table(_parity_rows(networks)),
        format_table(_operation_rows(networks)),
        *(format_table(class_rows(found)) for found in metrics if found.float and "per_class" in found.float),
    ]
    return "\n\n".join(tables)


def class_rows(metrics: Metrics) -> Iterator[Row]:
    """Header, overall and each class: its number, the share found by float and by int8, and the change in points."""
    yield ("class", "n", "float %", "int8 %", "change")
    floats = metrics.float or {}
    yield ("all", f"{metrics.n}", *_change(floats["accuracy"], metrics.int8["accuracy"]))
    for label, row in metrics.int8["per_class"].items():
        yield (label, f"{row['n']}", *_change(floats["per_class"][label]["recall"], row["recall"]))


def _network_rows(networks: Sequence[QuantizedNetwork]) -> Iterator[Row]:
    yield ("network", "input", "MMAC", "int8 KiB", "float KiB", "int8 ms", "float ms", "made by")
    for network in networks:
        _, height, width, channels = network.input.shape
        yield (
            network.name,
            f"{height}×{width}×{channels}",
            f"{network.macs / 1e6:.2f}",
            f"{len(network.model) / 1024:.0f}",
            f"{len(network.float_model) / 1024:.0f}",
            f"{network.int8_ms:.3f}",
            f"{network.float_ms:.3f}",
            "fine-tuning" if network.tuned else "calibration",
        )


def _parity_rows(networks: Sequence[QuantizedNetwork]) -> Iterator[Row]:
    yield ("int8 against float", "inputs", "max error", "mean error", "of spread", "cosine", "same choice")
    for network in networks:
        for parity in network.parity:
            yield (
                f"{network.name}/{parity.output}",
                f"{network.checked_inputs}",
                f"{parity.largest_error:.4f}",
                f"{parity.mean_error:.4f}",
                f"{parity.relative_error:.1%}",
                f"{parity.cosine:.5f}",
                f"{parity.same_choice:.2%}",
            )


def _operation_rows(networks: Sequence[QuantizedNetwork]) -> Iterator[Row]:
    yield ("operation", "number", "run by")
    for network in networks:
        for (name, delegated), number in sorted(Counter(network.operations).items()):
            yield (f"{network.name}/{name}", f"{number}", "XNNPACK" if delegated else "reference kernel (slow)")


def _change(before: float, after: float) -> Row:
    return (f"{100 * before:.2f}", f"{100 * after:.2f}", f"{100 * (after - before):+.2f}")


def _rounded(figures: Mapping[str, Any]) -> dict[str, float]:
    return {name: float(f"{value:.{DIGITS}g}") for name, value in figures.items() if name != "output"}
