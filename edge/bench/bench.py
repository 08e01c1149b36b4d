"""``vigil bench``: measure, compare, and print."""

from __future__ import annotations

import argparse
import json
from dataclasses import asdict
from pathlib import Path

from edge.bench.progress import Progress
from edge.bench.reference import (
    Comparison,
    compare,
    default_reference_dir,
    find_reference,
    read_reference,
    save_reference,
)
from edge.bench.report import Report
from edge.bench.run import Options, run
from edge.bench.words import in_words
from edge.inference import default_models_dir
from edge.service.options import UsageError, override
from edge.vision.settings import DetectionSettings

OK = 0

DEFAULT_FRAMES = 300


def bench(arguments: argparse.Namespace) -> int:
    """Print what a frame costs, as a table or as JSON, beside the reference for this board."""
    options = _options(arguments)
    given = arguments.reference and read_reference(arguments.reference)
    progress = Progress()
    try:
        report = run(options, progress)
    finally:
        progress.clear()
    comparison = compare(report, given, arguments.reference) if given else _compare_with_shipped(report)
    print(_as_json(report, comparison) if arguments.json else in_words(report, comparison))
    if arguments.save:
        save_reference(report, arguments.save)
    return OK


def _options(arguments: argparse.Namespace) -> Options:
    if arguments.frames is not None and arguments.frames < 1:
        raise UsageError(f"--frames {arguments.frames}: must be at least 1")
    if arguments.seconds is not None and not 0 < arguments.seconds < float("inf"):
        raise UsageError(f"--seconds {arguments.seconds:g}: must be above 0")
    detection = override(DetectionSettings(), "threads", arguments.threads, "--threads")
    detection = override(detection, "min_face_px", arguments.min_face, "--min-face")
    return Options(
        source=arguments.source,
        models_dir=arguments.models or default_models_dir(),
        detection=override(detection, "min_hand_px", arguments.min_face, "--min-face"),
        frames=None if arguments.seconds else arguments.frames or DEFAULT_FRAMES,
        seconds=arguments.seconds,
    )


def _compare_with_shipped(report: Report, folder: Path | None = None) -> Comparison | None:
    file = find_reference(report.machine.slug, folder or default_reference_dir())
    return compare(report, read_reference(file), file) if file else None


def _as_json(report: Report, comparison: Comparison | None) -> str:
    return json.dumps(report.model_dump() | {"reference": comparison and asdict(comparison)}, ensure_ascii=False)
