"""What int8 costs a bundle: the golden vectors' int8 outputs against the float ones, and the figures of both."""

from __future__ import annotations

import io
import statistics
import time
from collections.abc import Iterator
from typing import Any

import numpy as np

from convert.evaluate.tables import Table, against, compared
from convert.evaluate.words import number
from convert.quantize.parity import Parity, compare
from edge.inference import Bundle
from edge.inference.bundle import read_verified
from edge.inference.verify import golden_key

TIMED_RUNS = 50

CHOICES = ("face", "logits")
"""The outputs whose largest value is an answer; of the others, which are measures, it says nothing."""


def quantization_tables(bundle: Bundle, result: dict[str, Any]) -> Iterator[Table]:
    """The networks, their outputs' parity, and float against int8: of ``result``, else what the manifest recorded."""
    yield Table("Networks", ("network", "input", "MMAC", "int8 KiB", "ms a run here, one thread"), _networks(bundle))
    yield Table(
        "Outputs in int8 against float, on the bundle's few golden inputs",
        ("output", "RMS error", "of its spread", "largest error", "same choice"),
        tuple(_parity_row(name, parity) for name in bundle.manifest.networks for parity in golden_parity(bundle, name)),
    )
    yield from _figures(bundle, result)


def golden_parity(bundle: Bundle, name: str) -> tuple[Parity, ...]:
    """How far the golden int8 outputs of the network ``name`` are from the float ones."""
    content = read_verified(bundle.path, bundle.manifest.golden)
    network = bundle.network(name)
    expected, found = {}, {}
    with np.load(io.BytesIO(content), allow_pickle=False) as golden:
        for output in bundle.manifest.networks[name].outputs:
            scale, zero_point = network.scale_and_zero_point(output)
            raw = golden[golden_key(name, output, "int8")].astype(np.float32)
            found[output] = (raw - np.float32(zero_point)) * np.float32(scale) if scale else raw
            expected[output] = golden[golden_key(name, output, "float")].reshape(raw.shape)
    return compare(expected, found)


def _networks(bundle: Bundle) -> tuple[tuple[str, ...], ...]:
    rows = []
    for name, spec in bundle.manifest.networks.items():
        _, height, width, _ = spec.input.shape
        size = len(bundle.models[name]) / 1024
        shape = f"{height}×{width} {spec.input.colour}"
        rows.append((name, shape, f"{spec.macs / 1e6:.2f}", f"{size:.0f}", f"{_milliseconds(bundle, name):.3f}"))
    return tuple(rows)


def _milliseconds(bundle: Bundle, name: str) -> float:
    """The median time of a run on one thread, of black pixels: the work is the same for all."""
    network = bundle.network(name)
    pixels = np.zeros(network.shape, np.uint8)
    times = []
    for _ in range(TIMED_RUNS):
        start = time.perf_counter()
        network.invoke(pixels)
        times.append(time.perf_counter() - start)
    return 1000 * statistics.median(times)


def _parity_row(name: str, parity: Parity) -> tuple[str, ...]:
    return (
        f"{name} / {parity.output}",
        f"{parity.root_mean_square_error:.4f}",
        f"{parity.relative_error:.1%}",
        f"{parity.largest_error:.3f}",
        f"{parity.same_choice:.1%}" if parity.output in CHOICES else "",
    )


def _figures(bundle: Bundle, result: dict[str, Any]) -> Iterator[Table]:
    if result["float"]:
        yield _changes("Figures on these data", result["int8"], result["float"])
        return
    for metrics in bundle.manifest.metrics:
        if metrics.float:
            title = f"Figures when the bundle was made: {metrics.data}, n = {metrics.n:,}"
            yield _changes(title, metrics.int8, metrics.float)


def _changes(title: str, int8: dict[str, Any], floats: dict[str, Any]) -> Table:
    """The figures that int8 may change, overall and, of classifiers, the recall of each class."""
    rows = [row for row in compared(int8, floats) if row[-1]]
    classes = floats.get("per_class", {})
    for label, row in int8.get("per_class", {}).items():
        rows.append(
            (f"recall of {label}", number(row["recall"]), *against(row["recall"], classes.get(label, {}).get("recall")))
        )
    return Table(title, ("figure", "int8", "float", "change"), tuple(rows))
