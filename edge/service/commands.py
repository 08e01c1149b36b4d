"""The commands ``run``, ``analyze`` and ``models``: their options, and handlers that import late."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

Subparsers = Any  # argparse gives the type no public name


def add_run_parser(commands: Subparsers) -> None:
    """``vigil run``."""
    parser = commands.add_parser(
        "run",
        help="watch a camera, a video or the demo scene, and switch pins",
        description="Run in the foreground: read frames, say what happens, switch pins. Ctrl-C stops it safely.",
        formatter_class=argparse.RawDescriptionHelpFormatter,
        epilog="A video without --until-end plays at its own speed. A camera named by --source that can't be opened\n"
        "is an error; only 'auto' falls back to the demo scene.",
    )
    parser.add_argument(
        "--config", type=Path, metavar="FILE", help="vigil.toml; default: /etc/vigil/vigil.toml if it is there"
    )
    parser.add_argument(
        "--source",
        metavar="S",
        help="auto, demo, picamera2, v4l2:/dev/video0 or a number, jetson, rtsp://…, a video file or a folder of "
        "pictures; default: the configuration's",
    )
    _add_pins_option(parser)
    parser.add_argument("--events", type=Path, metavar="FILE", help="also write events as JSON lines to FILE")
    parser.add_argument(
        "--until-end", action="store_true", help="every frame, as fast as possible, once; then stop (videos, demo)"
    )
    _add_models_option(parser)
    parser.add_argument(
        "--threads", type=int, metavar="N", help="threads for the networks; default: the configuration's"
    )
    parser.set_defaults(handler=_run)


def add_analyze_parser(commands: Subparsers) -> None:
    """``vigil analyze``."""
    parser = commands.add_parser(
        "analyze",
        help="say what is in pictures",
        description="Find faces and hands in pictures and read them, just as the device does with frames.",
    )
    parser.add_argument("images", nargs="+", metavar="IMAGE")
    parser.add_argument("--jsonl", action="store_true", help="one JSON object a line, in the order of the pictures")
    parser.add_argument(
        "--annotate", type=Path, metavar="DIR", help="also draw the result, as DIR/<name>.annotated.jpg"
    )
    parser.add_argument(
        "--min-face", type=int, metavar="PX", help="smallest face to look for, in pixels, 12 or more; default 40"
    )
    parser.add_argument("--threads", type=int, metavar="N", help="threads for the networks (default 1)")
    _add_models_option(parser)
    parser.set_defaults(handler=_analyze)


def add_models_parser(commands: Subparsers) -> None:
    """``vigil models``."""
    parser = commands.add_parser("models", help="check the bundles", description="Look after the model bundles.")
    actions = parser.add_subparsers(title="actions", metavar="ACTION", required=True)
    verify = actions.add_parser(
        "verify",
        help="check hashes and run the golden vectors on this device",
        description="Check every bundle's hashes and run its golden vectors on this device's runtime.",
    )
    _add_models_option(verify)
    verify.set_defaults(handler=_verify)
    repair = actions.add_parser(
        "repair",
        help="put the bundle from before in the place of a damaged one",
        description="Put in the place of each damaged bundle the one that was in force before it, else the one that "
        "came with Vigil. What is damaged is kept beside it, in .deploy.",
    )
    _add_models_option(repair)
    repair.set_defaults(handler=_repair)


def add_pins_parser(commands: Subparsers) -> None:
    """``vigil pins``."""
    parser = commands.add_parser("pins", help="make outputs safe", description="Look after the pins.")
    actions = parser.add_subparsers(title="actions", metavar="ACTION", required=True)
    safe = actions.add_parser(
        "safe",
        help="set every output to its safe state and release it",
        description="Set every output of the configuration to its safe state and release its pin. The service does so "
        "after a daemon that was killed.",
    )
    safe.add_argument(
        "--config", type=Path, metavar="FILE", help="vigil.toml; default: /etc/vigil/vigil.toml if it is there"
    )
    _add_pins_option(safe)
    safe.set_defaults(handler=_make_pins_safe)


def _add_pins_option(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--pins", choices=("auto", "mock"), default="auto", help="auto: this board's pins, mock where there are none"
    )


def _add_models_option(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--models", type=Path, metavar="DIR", help="folder of bundles; default: those that ship with Vigil"
    )


def _run(arguments: argparse.Namespace) -> int:
    from edge.service.run import run

    return run(arguments)


def _make_pins_safe(arguments: argparse.Namespace) -> int:
    from edge.service.pins import safe

    return safe(arguments)


def _analyze(arguments: argparse.Namespace) -> int:
    from edge.service.analyze import analyze

    return analyze(arguments)


def _repair(arguments: argparse.Namespace) -> int:
    from edge.service.repair import repair

    return repair(arguments)


def _verify(arguments: argparse.Namespace) -> int:
    from edge.service.models import verify

    return verify(arguments)
