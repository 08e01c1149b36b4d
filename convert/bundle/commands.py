"""``vigil-convert bundle``."""

from __future__ import annotations

import argparse
import json
import logging
import os
import sys
from pathlib import Path

from pydantic import ValidationError

from edge import __version__
from edge.errors import ConfigError, InputError
from edge.inference.manifest import Metrics, Task

log = logging.getLogger(__name__)

TASKS = tuple(task for task in Task if task.is_cascade or task.is_classifier)

_EPILOG = """\
examples:
  vigil-convert bundle eyes --checkpoint runs/eyes --data ~/data --out models/eyes
  vigil-convert bundle faces --checkpoint runs/faces --calibration runs/faces/calibration.npz \\
      --threshold pnet=0.6 rnet=0.7 onet=0.7 --metrics faces.json --out models/faces

A classifier is calibrated and measured on the data sets of its recipe. A cascade is calibrated on windows of the
kind that reaches each network (an .npz with the arrays pnet, rnet and onet); its figures come from `evaluate --json`.
"""


def add_parser(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add ``bundle``."""
    parser = commands.add_parser(
        "bundle",
        help="turn a trained network into a verified int8 bundle",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    names = [task.value for task in TASKS]
    parser.add_argument("task", metavar="TASK", choices=names, help=", ".join(names))
    parser.add_argument("--checkpoint", type=Path, required=True, metavar="DIR", help="what `train --out` wrote")
    inputs = parser.add_mutually_exclusive_group(required=True)
    inputs.add_argument("--data", type=Path, metavar="DIR", help="folder with the unpacked data sets (classifiers)")
    inputs.add_argument("--calibration", type=Path, metavar="FILE", help=".npz of calibration windows (cascades)")
    parser.add_argument("--out", type=Path, required=True, metavar="DIR", help="the bundle's folder, models/TASK")
    parser.add_argument(
        "--threshold", nargs="+", default=[], metavar="NAME=VALUE", type=_threshold, help="a cascade's thresholds"
    )
    parser.add_argument(
        "--metrics", nargs="+", default=[], metavar="FILE", type=Path, help="what `evaluate --json` said of a cascade"
    )
    parser.add_argument("--version", default=__version__, metavar="V", help=f"of the bundle (default {__version__})")
    parser.set_defaults(handler=run)


def run(arguments: argparse.Namespace) -> int:
    """Write the bundle, and return the exit status."""
    task = Task(arguments.task)
    if task.is_cascade != (arguments.calibration is not None):
        needed = "--calibration" if task.is_cascade else "--data"
        raise ConfigError(f"bundle {task.value}: needs {needed}, received the other one")
    use_tensorflow()
    from convert.bundle.build import build_cascade, build_classifier
    from convert.bundle.writer import write_bundle

    if task.is_cascade:
        metrics = [read_metrics(file) for file in arguments.metrics]
        draft = build_cascade(
            task, arguments.checkpoint, arguments.calibration, arguments.version, dict(arguments.threshold), metrics
        )
    else:
        draft = build_classifier(task, arguments.checkpoint, arguments.data, arguments.version)
    manifest = write_bundle(draft, arguments.out)
    log.info("%s: %s %s, verified", arguments.out, manifest.name, manifest.version)
    return os.EX_OK


def use_tensorflow() -> None:
    """Make Keras run on TensorFlow in this process: only TensorFlow has the converter.

    Raises:
        ConfigError: Keras was imported before, on another backend.
    """
    if "keras" not in sys.modules:
        os.environ["KERAS_BACKEND"] = "tensorflow"
        os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    import keras

    if keras.backend.backend() != "tensorflow":
        raise ConfigError(
            f"conversion needs Keras on TensorFlow, this process has it on {keras.backend.backend()}; "
            "run it in a process of its own"
        )


def read_metrics(file: Path) -> Metrics:
    """One object of ``evaluate --json`` as the manifest holds it."""
    try:
        found = json.loads(file.read_bytes())
        return Metrics(data=found["data"], n=found["n"], int8=found["int8"], float=found["float"])
    except OSError as error:
        raise InputError(f"{file}: can't be read ({error.strerror})") from error
    except (ValueError, KeyError, TypeError, ValidationError) as error:
        raise InputError(f"{file}: not what `vigil-convert evaluate --json` writes: {error}") from error


def _threshold(text: str) -> tuple[str, float]:
    name, separator, value = text.partition("=")
    try:
        return name, float(value if separator else "")
    except ValueError:
        raise argparse.ArgumentTypeError(f"expected NAME=VALUE with a number, received {text!r}") from None
