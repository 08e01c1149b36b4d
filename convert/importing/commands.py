"""``vigil-convert import``."""

from __future__ import annotations

import argparse
import logging
import os
from pathlib import Path
from typing import TYPE_CHECKING

from convert.importing.errors import ForeignNetworkError
from edge import __version__
from edge.inference.manifest import Task

if TYPE_CHECKING:
    from convert.bundle.writer import BundleDraft

log = logging.getLogger(__name__)

MTCNN = "mtcnn"
CLASSIFIERS = tuple(task for task in Task if task.is_classifier)
TASKS = (Task.FACES, *CLASSIFIERS)

_EPILOG = """\
examples:
  vigil-convert import faces mtcnn --pictures photos --out models/faces
  vigil-convert import gesture my.keras --labels palm fist none --colour rgb --mean 127.5 --scale 0.00784314 \\
      --pictures crops --out models/gesture
  vigil-convert import emotion saved_model --labels angry happy neutral --colour grey --mean 0 --scale 0.00392157 \\
      --pictures crops --out models/emotion

`faces mtcnn` takes the weights of the installed package mtcnn 1.0.0 (pip install mtcnn==1.0.0). Any other SOURCE is a
.keras or .h5 file or a SavedModel's folder with a classifier. --pictures are photos with faces for `mtcnn`, else crops
as the device cuts them; they set the ranges of int8, and a fifth of them tells what int8 costs. Files that could run
code (Lambda layers, classes that aren't Keras' own) are refused. `vigil-convert evaluate` says how good a bundle is.
"""


def add_parser(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add ``import``."""
    parser = commands.add_parser(
        "import",
        help="turn a network that others trained into a verified int8 bundle",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    names = [task.value for task in TASKS]
    parser.add_argument("task", metavar="TASK", choices=names, help=", ".join(names))
    parser.add_argument("source", metavar="SOURCE", help="mtcnn, a .keras or .h5 file, or a SavedModel's folder")
    parser.add_argument("--pictures", type=Path, required=True, metavar="DIR", help="what the device will see")
    parser.add_argument("--out", type=Path, required=True, metavar="DIR", help="the bundle's folder, models/TASK")
    parser.add_argument("--labels", nargs="+", metavar="LABEL", help="of the network's outputs, in their order")
    parser.add_argument("--colour", choices=("rgb", "bgr", "grey"), help="what the network was fed")
    parser.add_argument("--mean", nargs="+", type=float, metavar="M", help="taken off each pixel (0 to 255), then")
    parser.add_argument("--scale", nargs="+", type=float, metavar="S", help="multiplied by this: one, or one a channel")
    parser.add_argument("--size", type=int, metavar="PX", help="side of the crops, for a network that takes any")
    parser.add_argument("--card", type=Path, metavar="FILE", help="TOML: data, terms, use and limits, for its card")
    parser.add_argument(
        "--allow-slow-operations", action="store_true", help="take a classifier that XNNPACK can't run whole"
    )
    parser.add_argument("--version", default=__version__, metavar="V", help=f"of the bundle (default {__version__})")
    parser.set_defaults(handler=run)


def run(arguments: argparse.Namespace) -> int:
    """Write the bundle, and return the exit status."""
    task = Task(arguments.task)
    _check_options(task, arguments)
    from convert.bundle.commands import use_tensorflow

    use_tensorflow()
    from convert.bundle.writer import write_bundle

    draft = _mtcnn(arguments) if task is Task.FACES else _classifier(task, arguments)
    manifest = write_bundle(draft, arguments.out)
    log.info("%s: %s %s, verified", arguments.out, manifest.name, manifest.version)
    return os.EX_OK


def _check_options(task: Task, arguments: argparse.Namespace) -> None:
    needed = ("labels", "colour", "mean", "scale")
    if task is Task.FACES:
        given = [f"--{name}" for name in (*needed, "size", "card") if getattr(arguments, name) is not None]
        given += ["--allow-slow-operations"] * arguments.allow_slow_operations
        if arguments.source != MTCNN or given:
            raise ForeignNetworkError(
                f"import faces: takes the package {MTCNN!r} and nothing but --pictures, --out and --version, received "
                f"{' '.join([arguments.source, *given])!r}; for a cascade of your own use `bundle faces`"
            )
        return
    missing = [f"--{name}" for name in needed if getattr(arguments, name) is None]
    if missing:
        raise ForeignNetworkError(
            f"import {task.value}: needs {', '.join(missing)} too: a network's file doesn't tell what it was fed, nor "
            "what its outputs mean"
        )


def _mtcnn(arguments: argparse.Namespace) -> BundleDraft:
    from convert.importing.mtcnn_bundle import draft_mtcnn

    return draft_mtcnn(arguments.pictures, arguments.version)


def _classifier(task: Task, arguments: argparse.Namespace) -> BundleDraft:
    from convert.importing.classifier import ForeignInput
    from convert.importing.classifier_bundle import ForeignClassifier, draft_classifier

    fed = ForeignInput(arguments.colour, tuple(arguments.mean), tuple(arguments.scale))
    foreign = ForeignClassifier(
        task, Path(arguments.source), tuple(arguments.labels), fed, arguments.size, arguments.card
    )
    return draft_classifier(
        foreign, arguments.pictures, arguments.version, allow_slow_operations=arguments.allow_slow_operations
    )
