"""``python -m convert.data.teachers faces --data ~/data``: write one of the teacher's lists."""

from __future__ import annotations

import argparse
import logging
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from tqdm import tqdm

from convert.data.faults import POLICY
from convert.data.teachers.eyes import EYES
from convert.data.teachers.faces import FACES
from convert.data.teachers.hands import HANDS
from convert.data.teachers.joints import JOINTS
from convert.data.teachers.lesson import Lesson
from convert.data.writing import write_table
from edge.errors import VigilError

LESSONS: dict[str, Lesson] = {"faces": FACES, "hands": HANDS, "eyes": EYES, "joints": JOINTS}

_EPILOG = """\
The teacher is MediaPipe, whose last release with its models inside, 0.10.21, can't share an environment with
TensorFlow.  In the project's folder, with Python up to 3.12:
  python3.11 -m venv teacher && teacher/bin/pip install mediapipe==0.10.21 pydantic tqdm
  teacher/bin/python -m convert.data.teachers faces --data ~/data    # for convert/recipes/faces.toml
  teacher/bin/python -m convert.data.teachers hands --data ~/data    # for convert/recipes/hands.toml
  teacher/bin/python -m convert.data.teachers eyes  --data ~/data    # for convert/recipes/eyes.toml
  teacher/bin/python -m convert.data.teachers joints --data ~/data   # for gestures before other backgrounds
"""

log = logging.getLogger(__name__)


def build_parser() -> argparse.ArgumentParser:
    """The command line."""
    parser = argparse.ArgumentParser(
        prog="python -m convert.data.teachers",
        description="Lists what MediaPipe finds in the data sets' pictures, for recipes that train on it.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("lesson", choices=LESSONS, metavar="LIST", help=", ".join(LESSONS))
    parser.add_argument("--data", type=Path, required=True, metavar="DIR", help="folder with the unpacked data sets")
    tables = ", ".join(f"DIR/{lesson.table.as_posix()}" for lesson in LESSONS.values())
    parser.add_argument("--out", type=Path, metavar="FILE", help=f"the list to write ({tables})")
    return parser


def write_list(lesson: Lesson, data: Path, out: Path) -> int:
    """Label every picture below ``data`` and write the list to ``out``, whole or not at all; returns its length.

    Raises:
        DataError: no pictures, too many damaged ones, or ``out`` can't be written.
        TeacherError: MediaPipe isn't installed.
    """
    label = lesson.open_teacher(data)
    pictures = lesson.pictures(data)
    bar = tqdm(pictures, unit="picture", disable=None)
    rows = [row for found in POLICY.sift(str(data), bar, label) for row in found]
    write_table(out, lesson.columns, rows)
    log.info("%s: %d found in %d pictures", out, len(rows), len(pictures))
    return len(rows)


def main(arguments: Sequence[str] | None = None) -> int:
    """Write one list and return the exit status."""
    parsed = build_parser().parse_args(arguments)
    logging.basicConfig(level=logging.INFO, format="%(levelname)s: %(message)s")
    lesson = LESSONS[parsed.lesson]
    try:
        write_list(lesson, parsed.data, parsed.out or parsed.data / lesson.table)
    except VigilError as error:
        print(f"convert.data.teachers: {error}", file=sys.stderr)
        return error.exit_status
    except KeyboardInterrupt:
        return 130
    return os.EX_OK


if __name__ == "__main__":
    sys.exit(main())
