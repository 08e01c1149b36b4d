"""``vigil-convert evaluate``."""

from __future__ import annotations

import argparse
import json
import os
from pathlib import Path

from edge.errors import ConfigError

_EPILOG = """\
examples:
  vigil-convert evaluate models/emotion --data ~/data/fer2013 --split test --float runs/emotion
  vigil-convert evaluate models/faces --data ~/data/mtfl --split held-back --json
  vigil-convert evaluate models/hands --data ~/data/hands/hagrid

Classifiers take a folder with one subfolder a class (any of the bundle's, no other), detectors a folder with
trainImageList.txt (MTFL), *.pts (300-W) or boxes.csv. The int8 bundle runs through the device's own code.
"""


def add_parser(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add ``evaluate``."""
    parser = commands.add_parser(
        "evaluate",
        help="judge a bundle on a folder of classes or of annotated pictures",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("bundle", type=Path, metavar="BUNDLE", help="the bundle's folder, models/TASK")
    parser.add_argument("--data", type=Path, required=True, metavar="DIR", help="the data to judge it on")
    parser.add_argument(
        "--split", metavar="PART", help="a subfolder of classes, or of annotated pictures `train` or `held-back`"
    )
    parser.add_argument("--pairs", type=Path, metavar="FILE", help="pairs of people (bundles for identity)")
    parser.add_argument("--float", type=Path, metavar="DIR", dest="checkpoint", help="judge these Keras networks too")
    parser.add_argument(
        "--min-size", type=float, default=20, metavar="PX", help="smallest object that a detector looks for (20)"
    )
    parser.add_argument("--json", action="store_true", help="print one JSON object instead of tables")
    parser.set_defaults(handler=run)


def run(arguments: argparse.Namespace) -> int:
    """Evaluate, print, and return the exit status."""
    from convert.evaluate.evaluate import evaluate
    from convert.evaluate.report import format_result
    from edge.inference import Task, load_bundle

    bundle = load_bundle(arguments.bundle)
    if arguments.pairs and bundle.manifest.task is not Task.IDENTITY:
        raise ConfigError(
            f"--pairs: is for bundles for 'identity', {bundle.path} is for {bundle.manifest.task.value!r}"
        )
    result = evaluate(
        bundle,
        arguments.data,
        part=arguments.split,
        checkpoint=arguments.checkpoint,
        min_size_px=arguments.min_size,
    )
    print(json.dumps(result) if arguments.json else format_result(result))
    return os.EX_OK
