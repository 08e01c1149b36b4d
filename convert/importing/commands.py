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
TASKS = (Task.FACES,)

_EPILOG = """\
examples:
  vigil-convert import faces mtcnn --pictures photos --out models/faces

`faces mtcnn` takes the weights of the installed package mtcnn 1.0.0 (pip install mtcnn==1.0.0). --pictures are photos
with faces; they set the ranges of int8, and a fifth of them tells what int8 costs.
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
    parser.add_argument("source", metavar="SOURCE", help="mtcnn")
    parser.add_argument("--pictures", type=Path, required=True, metavar="DIR", help="what the device will see")
    parser.add_argument("--out", type=Path, required=True, metavar="DIR", help="the bundle's folder, models/TASK")
    parser.add_argument("--version", default=__version__, metavar="V", help=f"of the bundle (default {__version__})")
    parser.set_defaults(handler=run)


def run(arguments: argparse.Namespace) -> int:
    """Write the bundle, and return the exit status."""
    task = Task(arguments.task)
    _check_options(task, arguments)
    from convert.bundle.commands import use_tensorflow

    use_tensorflow()
    from convert.bundle.writer import write_bundle

    manifest = write_bundle(_mtcnn(arguments), arguments.out)
    log.info("%s: %s %s, verified", arguments.out, manifest.name, manifest.version)
    return os.EX_OK


def _check_options(task: Task, arguments: argparse.Namespace) -> None:
    if task is Task.FACES and arguments.source != MTCNN:
        raise ForeignNetworkError(
            f"import faces: takes the package {MTCNN!r}, received {arguments.source!r}; for a cascade of your own use "
            "`bundle faces`"
        )


def _mtcnn(arguments: argparse.Namespace) -> BundleDraft:
    from convert.importing.mtcnn_bundle import draft_mtcnn

    return draft_mtcnn(arguments.pictures, arguments.version)
