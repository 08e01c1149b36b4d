"""What int8 costs a bundle: its outputs and figures against those of the float network."""

from __future__ import annotations

import io
from collections.abc import Iterator
from typing import Any

import numpy as np

from convert.evaluate.tables import Table, against, compared
from convert.evaluate.words import number
from convert.quantize.parity import Parity, compare
from convert.quantize.timing import milliseconds
from edge.inference import Bundle
from edge.inference.bundle import read_verified
from edge.inference.manifest import OutputParity
from edge.inference.verify import golden_key

CHOICES = ("face", "logits")
"""The outputs whose largest value is an answer; of the others, which are measures, it says nothing."""

Row = tuple[str, ...]


def quantization_tables(bundle: Bundle, result: dict[str, Any]) -> Iterator[Table]:
    """The networks, their outputs' parity, and float against int8: of ``result``, else what the manifest recorded."""
    yield Table(
        "Networks",
        ("network", "input", "MMAC", "int8 KiB", "float KiB", "ms a run here, one thread", "made by"),
        tuple(_network(bundle, name) for name in bundle.manifest.networks),
    )
    yield Table(
        "Outputs in int8 against float",
        ("output", "inputs", "RMS error", "of its spread", "largest error", "same choice"),
        tuple(row for name in bundle.manifest.networks for row in _parities(bundle, name)),
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


def _network(bundle: Bundle, name: str) -> Row:
    spec, conversion = bundle.manifest.networks[name], bundle.manifest.conversions.get(name)
    _, height, width, _ = spec.input.shape
    return (
        name,
        f"{height}×{width} {spec.input.colour}" + (", twice where unsure" if spec.input.second_look_below else ""),
        f"{spec.macs / 1e6:.2f}",
        f"{len(bundle.models[name]) / 1024:.0f}",
        f"{conversion.float_bytes / 1024:.0f}" if conversion else "–",
        f"{milliseconds(bundle.models[name]):.3f}",
        conversion.method if conversion else "–",
    )


def _parities(bundle: Bundle, name: str) -> Iterator[Row]:
    """Of the inputs that the conversion was checked on; of older bundles, which don't tell, of the golden ones."""
    conversion = bundle.manifest.conversions.get(name)
    if conversion:
        for output, parity in conversion.parity.items():
            yield _parity(name, output, number(conversion.checked_inputs), parity)
    else:
        for golden in golden_parity(bundle, name):
            yield _parity(name, golden.output, "golden", golden)


def _parity(name: str, output: str, inputs: str, parity: Parity | OutputParity) -> Row:
    return (
        f"{name} / {output}",
        inputs,
        f"{parity.root_mean_square_error:.4f}",
        f"{parity.relative_error:.1%}",
        f"{parity.largest_error:.3f}",
        f"{parity.same_choice:.1%}" if output in CHOICES else "",
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
