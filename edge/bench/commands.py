"""The command ``vigil bench``: its options, and a handler that imports late."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

Subparsers = Any  # argparse gives the type no public name


def add_parser(commands: Subparsers) -> None:
    """``vigil bench``."""
    parser = commands.add_parser(
        "bench",
        help="measure what a frame costs on this device",
        description="Measure what a frame costs on this device, by stage and by network. Needs no camera: it uses the "
        "demo scene, drawn beforehand. Compares with what is known of this board.",
    )
    parser.add_argument(
        "--source", default="demo", metavar="S", help="a video file or a folder of pictures instead of the demo scene"
    )
    length = parser.add_mutually_exclusive_group()
    length.add_argument("--frames", type=int, metavar="N", help="how many frames to measure (default 300)")
    length.add_argument("--seconds", type=float, metavar="S", help="measure for so long instead")
    parser.add_argument(
        "--models", type=Path, metavar="DIR", help="folder of bundles; default: those that ship with Vigil"
    )
    parser.add_argument("--threads", type=int, metavar="N", help="threads for the networks (default 1)")
    parser.add_argument(
        "--min-face", type=int, metavar="PX", help="smallest face and hand to look for, in pixels (default 60)"
    )
    parser.add_argument("--json", action="store_true", help="print the report as JSON")
    parser.add_argument(
        "--reference",
        type=Path,
        metavar="FILE",
        help="compare with this report; default: the one that ships for this board",
    )
    parser.add_argument("--save", type=Path, metavar="FILE", help="also keep the report in FILE, to compare with later")
    parser.set_defaults(handler=_bench)


def _bench(arguments: argparse.Namespace) -> int:
    from edge.bench.bench import bench

    return bench(arguments)
