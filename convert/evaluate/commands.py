"""``vigil-convert evaluate``."""

from __future__ import annotations

import argparse
import json
import logging
import os
from pathlib import Path

from edge.errors import ConfigError
from edge.inference.manifest import Task

log = logging.getLogger(__name__)

_EPILOG = """\
examples:
  vigil-convert evaluate models/emotion --data ~/data/fer2013 --split test --float runs/emotion --report report
  vigil-convert evaluate models/gesture --data ~/data --split held-back
  vigil-convert evaluate models/faces --data ~/data/mtfl --split held-back --json
  vigil-convert evaluate models/identity --data ~/data/lfw --pairs ~/data/lfw/pairs.txt

A classifier takes a folder with one subfolder a class (any of the bundle's, no other), or, with --split held-back and
the folder of all data sets, what its own recipe held back; a detector a folder annotated as CVPR13, MTFL, 300-W, WIDER
FACE, CelebA, Pascal VOC, YOLO or boxes.csv; identity a folder of people and a list of pairs in LFW's form. The int8
bundle runs through the device's own code. A picture that can't be read is named, counted and left out.
"""


def add_parser(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add ``evaluate``."""
    parser = commands.add_parser(
        "evaluate",
        help="judge a bundle on a folder of classes, of annotated pictures, or of people",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("bundle", type=Path, metavar="BUNDLE", help="the bundle's folder, models/TASK")
    parser.add_argument("--data", type=Path, required=True, metavar="DIR", help="the data to judge it on")
    parser.add_argument(
        "--split",
        metavar="PART",
        help="a subfolder of classes, or what training used or held back: `train` (detectors) or `held-back`",
    )
    parser.add_argument("--label", nargs="+", metavar="NAME", help="only objects of these labels (boxes, VOC, YOLO)")
    parser.add_argument("--pairs", type=Path, metavar="FILE", help="pairs of people (identity; DIR/pairs.txt)")
    parser.add_argument("--faces", type=Path, metavar="BUNDLE", help="finds the faces to align (identity)")
    parser.add_argument("--float", type=Path, metavar="DIR", dest="checkpoint", help="judge these Keras networks too")
    parser.add_argument(
        "--min-size", type=float, default=20, metavar="PX", help="smallest object that a detector looks for (20)"
    )
    parser.add_argument("--limit", type=_positive, metavar="N", help="judge on N pictures or pairs, taken evenly")
    parser.add_argument("--json", action="store_true", help="print one JSON object instead of tables")
    parser.add_argument(
        "--report", type=Path, metavar="DIR", help="write report.html, result.json and the plots as PNG here"
    )
    parser.add_argument(
        "--store-temperature",
        action="store_true",
        help="fit the temperature on these data and store it in the bundle (classifiers): give validation data, "
        "never those that you quote figures on",
    )
    parser.set_defaults(handler=run)


def run(arguments: argparse.Namespace) -> int:
    """Evaluate, print, and return the exit status."""
    from convert.evaluate.evaluate import Options, evaluate
    from convert.evaluate.report import format_result
    from edge.inference import load_bundle

    bundle = load_bundle(arguments.bundle)
    _check(arguments, bundle.manifest.task)
    evaluation = evaluate(
        bundle,
        Options(
            data=arguments.data,
            part=arguments.split,
            labels=tuple(arguments.label) if arguments.label else None,
            pairs=arguments.pairs,
            faces=arguments.faces,
            checkpoint=arguments.checkpoint,
            min_size_px=arguments.min_size,
            limit=arguments.limit,
        ),
    )
    result = evaluation.result
    print(json.dumps(result) if arguments.json else format_result(result))
    if arguments.report:
        from convert.evaluate.page import write_report

        log.info("written to %s", write_report(evaluation, arguments.report))
    if arguments.store_temperature:
        from convert.evaluate.temperature import store_temperature

        temperature = result["int8"]["calibration"]["temperature_of_these_data"]
        log.info("%s: temperature %g stored", store_temperature(bundle, temperature), temperature)
    return os.EX_OK


def _check(arguments: argparse.Namespace, task: Task) -> None:
    """Refuse options that are for another task."""
    for option, given, right, tasks in (
        ("--pairs", arguments.pairs, task is Task.IDENTITY, "'identity'"),
        ("--faces", arguments.faces, task is Task.IDENTITY, "'identity'"),
        ("--label", arguments.label, task.is_detector, "'faces' or 'hands'"),
        ("--store-temperature", arguments.store_temperature, task.is_classifier, "'emotion', 'eyes' or 'gesture'"),
    ):
        if given and not right:
            raise ConfigError(f"{option}: is for bundles for {tasks}, {arguments.bundle} is for {task.value!r}")


def _positive(text: str) -> int:
    try:
        value = int(text)
    except ValueError:
        value = 0
    if value < 1:
        raise argparse.ArgumentTypeError(f"expected a whole number of at least 1, received {text!r}")
    return value
