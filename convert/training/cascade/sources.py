"""The scenes of a recipe's sources, split into those to train on and those held back."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from convert.data.backgrounds import backgrounds
from convert.data.composites import make_hand_composites
from convert.data.faces import helen, mtfl
from convert.data.hands import boxes_csv
from convert.data.scenes import Scene, split
from convert.data.teacher import Teacher
from convert.training.cascade.recipe import CascadeRecipe, SourceTable


@dataclass(frozen=True)
class Source:
    """One source's scenes."""

    name: str
    table: SourceTable
    train: list[Scene]
    validation: list[Scene]


def load_sources(recipe: CascadeRecipe, data: Path, out: Path, rng: np.random.Generator) -> list[Source]:
    """Load all sources of ``recipe`` from the folder ``data``; composites are made in ``out`` if not there."""
    teacher = Teacher(data / recipe.teacher, data) if recipe.teacher else None
    return [_load(name, table, recipe, data, out, teacher, rng) for name, table in recipe.sources.items()]


def _load(
    name: str,
    table: SourceTable,
    recipe: CascadeRecipe,
    data: Path,
    out: Path,
    teacher: Teacher | None,
    rng: np.random.Generator,
) -> Source:
    if table.loader == "composites":
        folder = out / table.folder
        if not (folder / "boxes.csv").exists():
            make_hand_composites(data, folder, recipe.held_back, rng)
        return Source(name, table, boxes_csv(folder, complete=True), [])
    scenes = _read(table, data / table.folder, teacher)
    train, validation = split(scenes, recipe.held_back) if table.held_back else (scenes, [])
    if teacher and table.ask_teacher:
        train = [teacher.mark(scene) for scene in train]
    return Source(name, table, train, validation)


def _read(table: SourceTable, folder: Path, teacher: Teacher | None) -> list[Scene]:
    if teacher and table.loader == "taught_faces":
        return teacher.faces(folder)
    if teacher and table.loader == "taught_hands":
        return teacher.hands(folder)
    return _ANNOTATED[table.loader](folder)


def _complete_boxes(folder: Path) -> list[Scene]:
    return boxes_csv(folder, complete=True)


_ANNOTATED: dict[str, Callable[[Path], list[Scene]]] = {
    "mtfl": mtfl,
    "helen": helen,
    "backgrounds": backgrounds,
    "boxes": _complete_boxes,
}
