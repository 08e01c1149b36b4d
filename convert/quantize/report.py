"""A table of what a conversion brought and cost, for a person."""

from __future__ import annotations

from collections.abc import Sequence

from convert.quantize.quantize import QuantizedNetwork


def format_report(networks: Sequence[QuantizedNetwork]) -> str:
    """Size, work, time and parity of each network, one line a network and one an output."""
    lines = []
    for network in networks:
        _, height, width, channels = network.input.shape
        lines.append(
            f"{network.name}: {height}×{width}×{channels}, {network.macs / 1e6:.2f} MMAC, "
            f"{len(network.model) / 1024:.0f} KiB (float {network.float_bytes / 1024:.0f}), "
            f"{network.int8_ms:.3f} ms (float {network.float_ms:.3f}), all operations in XNNPACK"
        )
        lines += [
            f"  {parity.output:<10} error rms {parity.root_mean_square_error:.4f}, largest "
            f"{parity.largest_error:.3f}, {100 * parity.relative_error:.1f} % of its spread; "
            f"same largest value {100 * parity.same_choice:.2f} %"
            for parity in network.parity
        ]
    return "\n".join(lines)
