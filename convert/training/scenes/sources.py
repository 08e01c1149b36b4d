"""The scenes of a recipe's sources, split into those to train on and those held back."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from itertools import compress
from pathlib import Path
from typing import Any, Generic, TypeVar

import numpy as np

from convert.data.backgrounds import backgrounds
from convert.data.boxes import TABLE, boxes_csv
from convert.data.celeba import celeba
from convert.data.checks import Checked, check
from convert.data.composites import make_hand_composites
from convert.data.drawn_faces import DONE, make_drawn_faces
from convert.data.duplicates import without_duplicates
from convert.data.errors import DataError
from convert.data.faces import helen, mtfl
from convert.data.groups import RANDOM_FRAMES
from convert.data.scenes import Scene, split, split_frames
from convert.data.teacher import Teacher
from convert.data.voc import voc
from convert.data.wider import wider
from convert.data.yolo import yolo
from convert.training.scenes.recipe import SceneRecipe, SceneTable

SESSIONLESS: dict[str, str] = {
    "voc": "ImageSets/Main/train.txt and val.txt",
    "yolo": "images/train and images/val, or a subfolder of images a session",
}
"""Loaders of pictures that may be frames of one recording, and how their split can be told."""


Table = TypeVar("Table", bound=SceneTable)
Reader = Callable[[Path, "Sequence[str] | None"], "list[Scene]"]


@dataclass(frozen=True)
class Source(Generic[Table]):
    """One source's scenes, and what the recipe says of it."""

    name: str
    table: Table
    train: list[Scene]
    validation: list[Scene]


def load_sources(recipe: SceneRecipe, data: Path, out: Path, rng: np.random.Generator) -> list[Source[Any]]:
    """Load all sources of ``recipe`` from the folder ``data``; what is made is made in ``out`` if not there.

    Pictures to train on that validate in any source, by their pixels, are dropped and reported.

    Raises:
        DataError: a folder isn't laid out as its loader expects, or too many of its files are damaged.
    """
    teacher = Teacher(data / recipe.teacher, data) if recipe.teacher else None
    sources = [_load(name, table, recipe, data, out, teacher, rng) for name, table in recipe.sources.items()]
    return _disjoint(sources)


def _load(
    name: str,
    table: SceneTable,
    recipe: SceneRecipe,
    data: Path,
    out: Path,
    teacher: Teacher | None,
    rng: np.random.Generator,
) -> Source[Any]:
    if table.loader in _MADE:
        make, last, read = _MADE[table.loader]
        folder = out / table.folder
        if not (folder / last).exists():
            make(table, data, folder, recipe.held_back, rng)
        return Source(name, table, read(folder, None), [])
    train, validation = _split(name, table, _read(table, data / table.folder, teacher), recipe.held_back)
    if teacher and table.ask_teacher:
        train = [teacher.mark(scene) for scene in train]
    return Source(name, table, train, validation)


def _split(name: str, table: SceneTable, scenes: list[Scene], share: float) -> tuple[list[Scene], list[Scene]]:
    if not table.held_back:
        return scenes, []
    if table.split == RANDOM_FRAMES:
        return split_frames(scenes, share)
    if table.loader in SESSIONLESS and all(scene.held_back is None for scene in scenes):
        _require_sessions(name, table, scenes)
    return split(scenes, share)


def _require_sessions(name: str, table: SceneTable, scenes: list[Scene]) -> None:
    if len({scene.group for scene in scenes}) == len(scenes):
        raise DataError(
            f"sources.{name}: nothing tells which pictures are of one person or session, so that nobody could say how "
            f"well the network does elsewhere; name the owner's split ({SESSIONLESS[table.loader]}), or set "
            f"held_back = false, or ask for figures that flatter, with split = {RANDOM_FRAMES!r}"
        )


def _read(table: SceneTable, folder: Path, teacher: Teacher | None) -> list[Scene]:
    if teacher and table.loader == "taught_faces":
        return teacher.faces(folder)
    if teacher and table.loader == "taught_hands":
        return teacher.hands(folder)
    if table.loader in _LABELLED:
        return _LABELLED[table.loader](folder, table.labels)
    return _ANNOTATED[table.loader](folder)


def _disjoint(sources: Sequence[Source[Any]]) -> list[Source[Any]]:
    train = [check(source.name, source.train) for source in sources]
    validation = [check(source.name, source.validation) for source in sources]
    held_back = [checked for part in validation for checked in part]
    return [
        replace(source, train=_scenes(_new(source.name, part, held_back)), validation=_scenes(judged))
        for source, part, judged in zip(sources, train, validation, strict=True)
    ]


def _new(name: str, train: list[Checked], held_back: list[Checked]) -> list[Checked]:
    return list(compress(train, without_duplicates(name, _digests(train), _digests(held_back))))


def _digests(checked: Sequence[Checked]) -> list[tuple[str, object]]:
    return [(one.digest, one.scene.path) for one in checked]


def _scenes(checked: Sequence[Checked]) -> list[Scene]:
    return [one.scene for one in checked]


def _make_composites(table: SceneTable, data: Path, folder: Path, held_back: float, rng: np.random.Generator) -> None:
    make_hand_composites(data, folder, held_back, rng, table.turned)


def _make_drawn(_: SceneTable, data: Path, folder: Path, held_back: float, rng: np.random.Generator) -> None:
    make_drawn_faces(data, folder, held_back, rng)


def _complete_boxes(folder: Path, labels: Sequence[str] | None) -> list[Scene]:
    return boxes_csv(folder, complete=True, labels=labels)


_MADE: dict[str, tuple[Callable[[SceneTable, Path, Path, float, np.random.Generator], None], str, Reader]] = {
    "composites": (_make_composites, TABLE, _complete_boxes),
    "drawn_faces": (_make_drawn, DONE, lambda folder, _: backgrounds(folder)),
}
"""What makes the pictures, the file that it writes last, and what reads them."""

_ANNOTATED: dict[str, Callable[[Path], list[Scene]]] = {
    "mtfl": mtfl,
    "helen": helen,
    "wider": wider,
    "celeba": celeba,
    "backgrounds": backgrounds,
}

_LABELLED: dict[str, Reader] = {
    "voc": voc,
    "yolo": yolo,
    "boxes": _complete_boxes,
}
