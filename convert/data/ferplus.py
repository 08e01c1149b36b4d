"""FER+ (Barsoum et al., 2016): what ten people saw in each picture of FER2013, as votes.

``fer2013new.csv`` has a row for each of ``fer2013.csv``, in its order: ``Usage, Image name``, the votes for eight
emotions, for ``unknown`` and for ``NF`` (no face).
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from convert.data.classes import LabelledImages
from convert.data.errors import DamagedError, DataError
from convert.data.faults import POLICY
from convert.data.fer2013 import (
    LABELS,
    PUBLIC_TEST,
    TRAINING,
    Face,
    clean,
    decode_pixels,
    find_table,
    labelled,
    read_table,
    without_blanks,
)
from convert.data.tables import Row, read_rows

VOTES_TABLE = "fer2013new.csv"

COLUMNS = ("neutral", "happiness", "surprise", "sadness", "anger", "disgust", "fear", "contempt", "unknown", "NF")

OF_COLUMN = {
    "neutral": "neutral",
    "happiness": "happy",
    "surprise": "surprise",
    "sadness": "sad",
    "anger": "angry",
    "disgust": "disgust",
    "fear": "fear",
}
"""FER2013's label of each column; FER2013 has none for contempt, and unknown and NF are none."""


def load(data: Path) -> tuple[LabelledImages, LabelledImages]:
    """``(train, validation)`` of ``(n, 48, 48, 1)`` with FER2013's labels, but as most of the ten people say.

    Pictures without a majority, or whose majority is for none of the labels, are left out.

    Raises:
        DataError: a table lacks, the two don't fit, or too many rows are damaged.
    """
    folder = data / "fer2013" if (data / "fer2013").is_dir() else data
    table = find_table(folder)
    if table is None:
        raise DataError(f"{folder}: FER+ needs fer2013.csv, whose rows its votes are for; put it beside {VOTES_TABLE}")
    pictures, votes = read_table(table), read_rows(folder / VOTES_TABLE, ("Usage", "Image name", *COLUMNS))
    if len(pictures) != len(votes):
        raise DataError(
            f"{folder / VOTES_TABLE}: expected a row for each of the {len(pictures):,} of {table.name}, received "
            f"{len(votes):,}; both must be the owners' files, whole and in their order"
        )
    train, validation = (_part(folder, pictures, votes, usage) for usage in (TRAINING, PUBLIC_TEST))
    return clean(train, validation), validation


def majority(votes: list[float]) -> str | None:
    """The column with more than half of the votes ``(10,)``, None if there is none; single votes don't count."""
    counted = np.where(np.array(votes) > 1, votes, 0)
    return COLUMNS[int(counted.argmax())] if counted.max() > 0.5 * counted.sum() else None


def _part(folder: Path, pictures: list[Row], votes: list[Row], usage: str) -> LabelledImages:
    pairs = [pair for pair in zip(pictures, votes, strict=True) if pair[0]["Usage"] == usage]
    if not pairs:
        raise DataError(f"{folder}: expected rows whose Usage is {usage}, found none; unpack FER2013 again")
    faces = POLICY.sift(f"{folder / VOTES_TABLE} ({usage})", pairs, lambda pair: _face(*pair))
    return without_blanks(labelled([face for face in faces if face is not None]))


def _face(picture: Row, votes: Row) -> Face | None:
    if votes["Usage"] != picture["Usage"]:
        raise DamagedError(f"{votes}: expected Usage {picture['Usage']}, as {picture}; received {votes['Usage']!r}")
    label = OF_COLUMN.get(majority(votes.floats(COLUMNS)) or "")
    return None if label is None else Face(decode_pixels(picture), LABELS.index(label), str(picture))
