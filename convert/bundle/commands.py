"""``vigil-convert bundle``."""

from __future__ import annotations

import argparse
import json
import logging
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from pydantic import ValidationError

from convert.evaluate.figures import recorded
from edge import __version__
from edge.errors import ConfigError, InputError
from edge.inference.manifest import Metrics, Task

if TYPE_CHECKING:
    from convert.bundle.card import Card
    from convert.bundle.writer import BundleDraft

log = logging.getLogger(__name__)

CALIBRATION_FILE = "calibration.npz"
"""What a detector's training leaves beside its networks."""

_EPILOG = """\
examples:
  vigil-convert bundle eyes --checkpoint runs/eyes --data ~/data --out models/eyes
  vigil-convert bundle faces --checkpoint runs/faces --metrics faces.json --out models/faces
  vigil-convert bundle faces --checkpoint runs/faces --threshold onet=0.8 --out models/faces
  vigil-convert bundle identity --checkpoint runs/identity --data ~/data --out models/identity

A classifier or embedder is calibrated on training crops and measured on validation crops of the data of its recipe.
A detector, of faces or of hands, is calibrated on pixels of the kind that reaches its networks, which its training has
left beside them, and has the thresholds of its training; its figures come from `evaluate --json`.
"""


def add_parser(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add ``bundle``."""
    parser = commands.add_parser(
        "bundle",
        help="turn a trained network into a verified int8 bundle",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    names = [task.value for task in Task]
    parser.add_argument("task", metavar="TASK", choices=names, help=", ".join(names))
    parser.add_argument("--checkpoint", type=Path, required=True, metavar="DIR", help="what `train --out` wrote")
    inputs = parser.add_mutually_exclusive_group()
    inputs.add_argument(
        "--data", type=Path, metavar="DIR", help="folder with the unpacked data sets (all but detectors, needed)"
    )
    inputs.add_argument(
        "--calibration",
        type=Path,
        metavar="FILE",
        help=f".npz of calibration pixels (faces and hands; the checkpoint's {CALIBRATION_FILE})",
    )
    parser.add_argument("--out", type=Path, required=True, metavar="DIR", help="the bundle's folder, models/TASK")
    parser.add_argument(
        "--threshold",
        nargs="+",
        default=[],
        metavar="NAME=VALUE",
        type=_threshold,
        help="instead of those of a detector's training",
    )
    parser.add_argument(
        "--onet",
        type=Path,
        metavar="DIR",
        help="a cascade's training for hands, whose O-Net confirms what the single network of --checkpoint finds",
    )
    parser.add_argument(
        "--metrics", nargs="+", default=[], metavar="FILE", type=Path, help="what `evaluate --json` said of a detector"
    )
    parser.add_argument(
        "--fine-tune",
        choices=("auto", "never", "always"),
        default="auto",
        help="train a classifier on for int8: where int8 costs more than 0.5 points of accuracy (auto), never, always",
    )
    parser.add_argument(
        "--fine-tune-epochs", type=_positive, default=2, metavar="N", help="how long it is trained on (default 2)"
    )
    parser.add_argument(
        "--allow-slow-operations",
        action="store_true",
        help="write a bundle although XNNPACK leaves some of its operations to slow reference kernels",
    )
    parser.add_argument(
        "--card", type=Path, metavar="FILE", help="TOML file with what to say of the bundle, as convert/bundle/cards/*"
    )
    parser.add_argument("--version", default=__version__, metavar="V", help=f"of the bundle (default {__version__})")
    parser.set_defaults(handler=run)


def run(arguments: argparse.Namespace) -> int:
    """Write the bundle, and return the exit status."""
    task = Task(arguments.task)
    if task.is_detector and arguments.data is not None:
        raise ConfigError(f"bundle {task.value}: is calibrated on --calibration, received --data")
    if arguments.onet is not None and task is not Task.HANDS:
        raise ConfigError(f"bundle {task.value}: --onet is for hands")
    if not task.is_detector and arguments.data is None:
        raise ConfigError(f"bundle {task.value}: needs --data, the data that it was trained on")
    use_tensorflow()
    from convert.bundle.writer import write_bundle

    draft = _detector(task, arguments) if task.is_detector else _from_data(task, arguments)
    manifest = write_bundle(draft, arguments.out)
    log.info("%s: %s %s, verified", arguments.out, manifest.name, manifest.version)
    return os.EX_OK


def _from_data(task: Task, arguments: argparse.Namespace) -> BundleDraft:
    from convert.bundle.classifier import build_classifier
    from convert.bundle.identity import build_identity
    from convert.bundle.parts import Options

    options = Options(arguments.fine_tune, arguments.fine_tune_epochs, arguments.allow_slow_operations)
    given = arguments.checkpoint, arguments.data, arguments.version, options, _card(arguments)
    if task.is_classifier:
        return build_classifier(task, *given)
    _refuse_fine_tuning(task, arguments)
    return build_identity(*given)


def _card(arguments: argparse.Namespace) -> Card | None:
    from convert.bundle.card import read_card

    return read_card(arguments.card) if arguments.card else None


def _refuse_fine_tuning(task: Task, arguments: argparse.Namespace) -> None:
    if arguments.fine_tune == "always":
        raise ConfigError(f"--fine-tune always: only classifiers can be fine-tuned, not {task.value!r}")


def _detector(task: Task, arguments: argparse.Namespace) -> BundleDraft:
    from convert.bundle.detector import build_detector
    from convert.bundle.parts import Options

    _refuse_fine_tuning(task, arguments)
    metrics = [read_metrics(file) for file in arguments.metrics]
    options = Options(allow_slow_operations=arguments.allow_slow_operations)
    return build_detector(
        task,
        arguments.checkpoint,
        arguments.calibration or arguments.checkpoint / CALIBRATION_FILE,
        arguments.version,
        options,
        dict(arguments.threshold),
        metrics,
        _card(arguments),
        arguments.onet,
    )


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
        floats = recorded(found["float"]) if found["float"] is not None else None
        return Metrics(data=_portable(found["data"]), n=found["n"], int8=recorded(found["int8"]), float=floats)
    except OSError as error:
        raise InputError(f"{file}: can't be read ({error.strerror})") from error
    except (ValueError, KeyError, TypeError, AttributeError, ValidationError) as error:
        raise InputError(f"{file}: not what `vigil-convert evaluate --json` writes: {error}") from error


def _portable(data: str) -> str:
    """Name the data without the place where they lie on this machine: the last two folders of an absolute path."""
    return "/".join(Path(data).parts[1:][-2:]) if Path(data).is_absolute() else data


def _positive(text: str) -> int:
    number = int(text) if text.isdecimal() else 0
    if number < 1:
        raise argparse.ArgumentTypeError(f"expected a whole number from 1 up, received {text!r}")
    return number


def _threshold(text: str) -> tuple[str, float]:
    name, separator, value = text.partition("=")
    try:
        return name, float(value if separator else "")
    except ValueError:
        raise argparse.ArgumentTypeError(f"expected NAME=VALUE with a number, received {text!r}") from None
