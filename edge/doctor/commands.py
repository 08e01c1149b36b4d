"""The command ``doctor``."""

from __future__ import annotations

import argparse
import json
import logging
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import Any

OK = 0
ILL = 1

Subparsers = Any  # argparse gives the type no public name


def add_parser(commands: Subparsers) -> None:
    """``vigil doctor``."""
    parser = commands.add_parser(
        "doctor",
        help="say what works on this device, and what to do about what doesn't",
        description="Check board, libraries, models, configuration, camera and pins by using them: it takes frames and "
        "sets outputs to their safe state. Exit status 0 if Vigil would run and do its job, else 1.",
    )
    parser.add_argument(
        "--config", type=Path, metavar="FILE", help="vigil.toml; default: /etc/vigil/vigil.toml if it is there"
    )
    parser.add_argument("--source", metavar="S", help="a camera to check; default: the configuration's")
    parser.add_argument("--pins", choices=("auto", "mock"), default="auto", help="auto: this board's pins")
    parser.add_argument(
        "--models", type=Path, metavar="DIR", help="folder of bundles; default: those that ship with Vigil"
    )
    parser.add_argument("--json", action="store_true", help="one JSON object instead of a screen")
    parser.set_defaults(handler=run_doctor)


def run_doctor(arguments: argparse.Namespace) -> int:
    """Print what each check finds; 0 if none failed."""
    from edge.doctor.examine import examine
    from edge.doctor.finding import State
    from edge.doctor.patient import Patient
    from edge.inference import default_models_dir
    from edge.service.plan import config_path

    patient = Patient(
        arguments.models or default_models_dir(), config_path(arguments.config), arguments.source, arguments.pins
    )
    findings = []
    with nullcontext() if arguments.verbose else _without_warnings():
        for finding in examine(patient):
            findings.append(finding)
            if not arguments.json:
                _print(finding.state.value, finding.name, finding.seen, finding.do)
    ill = [finding.name for finding in findings if finding.state is State.FAILED]
    if arguments.json:
        print(json.dumps({"works": not ill, "checks": [finding.as_json() for finding in findings]}, indent=2))
    else:
        print(_verdict(ill))
    return ILL if ill else OK


@contextmanager
def _without_warnings() -> Iterator[None]:
    """A finding says what a warning in the log would."""
    log = logging.getLogger("edge")
    before = log.level
    log.setLevel(logging.ERROR)
    try:
        yield
    finally:
        log.setLevel(before)


def _print(state: str, name: str, seen: str, do: str) -> None:
    mark = {"ok": "ok     ", "warning": "warning", "failed": "FAILED "}[state]
    print(f"{mark}  {name:<12} {seen}")
    if do:
        print(f"{'':<23}→ {do}")
    sys.stdout.flush()


def _verdict(ill: Iterable[str]) -> str:
    names = ", ".join(ill)
    return f"Vigil can't do its job: {names}" if names else "Vigil can do its job"
