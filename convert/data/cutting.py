"""Pictures of known classes as crops in memory: what is found in each is cut out, and where nothing is, it is said."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from tqdm import tqdm

from convert.data.classes import LabelledImages
from convert.data.errors import DataError
from convert.data.faults import POLICY
from convert.data.framing import Framing
from convert.data.pictures import read_image
from edge.vision.crops import Colour, to_colour

log = logging.getLogger(__name__)

_NAMED = 20


@dataclass(frozen=True)
class Picture:
    """A file, the class that it shows, and the person or session that it must not share with the other side."""

    file: Path
    label: str
    group: str


def cut_out(
    folder: Path, pictures: Sequence[Picture], labels: Sequence[str], framing: Framing, colour: Colour
) -> LabelledImages:
    """The canvases ``(n, px, px, c)`` that ``framing`` cuts out of ``pictures``, in their order.

    Pictures in which it finds nothing are named, counted and left out; ``folder`` names all of them in messages.

    Raises:
        DataError: too many damaged pictures, or nothing is found in any.
    """

    def cut(picture: Picture) -> tuple[Picture, list[NDArray[np.uint8]]]:
        return picture, [to_colour(canvas, colour) for canvas in framing.canvases(read_image(picture.file))]

    bar = tqdm(pictures, desc=f"reading {folder.name}", unit="picture", disable=None, leave=False)
    cuts = list(POLICY.sift(str(folder), bar, cut))
    missed = [picture for picture, canvases in cuts if not canvases]
    for picture in missed[:_NAMED]:
        log.warning("%s: no %s found in this picture, left out", picture.file, framing.wanted)
    if missed:
        log.warning("%s: no %s found in %d of %d pictures", folder, framing.wanted, len(missed), len(cuts))
    if len(missed) == len(cuts):
        raise DataError(
            f"{folder}: no {framing.wanted} found in any of {len(cuts)} pictures; take them nearer and in better "
            "light, or set crop = 'none' in the recipe if they show nothing else"
        )
    crops = [(canvas, picture) for picture, canvases in cuts for canvas in canvases]
    target_of = {label: target for target, label in enumerate(labels)}
    return LabelledImages(
        tuple(labels),
        np.stack([canvas for canvas, _ in crops]),
        np.array([target_of[picture.label] for _, picture in crops], np.int64),
        np.array([picture.group for _, picture in crops]),
        np.full(len(crops), folder.name),
    )
