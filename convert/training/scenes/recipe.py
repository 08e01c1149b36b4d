"""What the recipes of all detectors say of their pictures: where they lie, what is known of them, and their split."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from convert.data.groups import GROUPS, SplitRule

Loader = Literal[
    "mtfl",
    "helen",
    "wider",
    "celeba",
    "voc",
    "yolo",
    "boxes",
    "backgrounds",
    "taught_faces",
    "taught_hands",
    "composites",
    "drawn_faces",
]

LABELLED: tuple[Loader, ...] = ("voc", "yolo", "boxes")
"""Loaders of objects that have labels."""


class StrictTable(BaseModel):
    """A table that takes no unknown key and doesn't change."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class SceneTable(StrictTable):
    """Where scenes come from; a kind of training adds how much is taken from each of them."""

    loader: Loader
    folder: str = Field(description="below the data folder; of composites and drawn faces below the output folder")
    ask_teacher: bool = Field(default=False, description="mark what the annotation lacks by the teacher's list")
    turned: float = Field(
        default=0.0, ge=0, le=1, description="share of what composites paste that is turned by a quarter or a half"
    )
    labels: tuple[str, ...] | None = Field(default=None, description="only objects of these labels; all if not given")
    held_back: bool = Field(
        default=True, description="whether a part validates; what is rendered, pasted or drawn never does"
    )
    split: SplitRule = Field(
        default=GROUPS, description="by the owner's word, person or session; or by random frames, whose figures flatter"
    )


class SceneRecipe(StrictTable):
    """What decides which scenes a detector is trained on, and which are held back."""

    held_back: float = Field(default=0.12, gt=0, lt=1, description="share of the people or sessions that validate")
    teacher: str | None = Field(default=None, description="the teacher's list, below the data folder")
    sources: Mapping[str, Any] = Field(min_length=1)

    @model_validator(mode="after")
    def _check_sources(self) -> SceneRecipe:
        needing = [name for name, source in self.sources.items() if source.ask_teacher or "taught" in source.loader]
        if needing and self.teacher is None:
            raise ValueError(f"the sources {needing} need the key teacher")
        for name, source in self.sources.items():
            if source.labels is not None and source.loader not in LABELLED:
                raise ValueError(f"sources.{name}.labels: only the loaders {', '.join(LABELLED)} know labels")
            if source.turned and source.loader != "composites":
                raise ValueError(f"sources.{name}.turned: only the loader composites pastes, received {source.loader}")
        return self
