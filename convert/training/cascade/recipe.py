"""A recipe: the TOML file that decides everything about a cascade's training except data folder and seed."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from convert.data.groups import GROUPS, SplitRule
from convert.toml_file import read_toml
from convert.training.cascade.augment import Jitter
from convert.training.cascade.draw import Draw
from convert.training.cascade.fit import Fit
from convert.training.cascade.samples import NEGATIVE, PART, POSITIVE
from convert.training.recipe import RecipeError

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
]

LABELLED: tuple[Loader, ...] = ("voc", "yolo", "boxes")
"""Loaders of objects that have labels."""


class _Table(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class SourceTable(_Table):
    """Where scenes come from, and how much is taken from each of them."""

    loader: Loader
    folder: str = Field(description="below the data folder; for composites below the output folder")
    ask_teacher: bool = Field(default=False, description="mark what the annotation lacks by the teacher's list")
    labels: tuple[str, ...] | None = Field(default=None, description="only objects of these labels; all if not given")
    held_back: bool = Field(default=True, description="whether a part validates; renders and composites never do")
    split: SplitRule = Field(
        default=GROUPS, description="by the owner's word, person or session; or by random frames, whose figures flatter"
    )
    repeat: int = Field(default=1, ge=0, description="multiplies the windows drawn at its objects")
    background: int = Field(default=0, ge=0, description="background windows for P-Net drawn from each picture")
    zooms: tuple[float, ...] = Field(default=(1.0,), description="sizes at which the stages so far search a picture")
    mined: int = Field(default=15, ge=0, description="at most so many false finds of a search become negatives")
    share: float = Field(default=1.0, ge=0, le=1, description="part of the pictures searched for each stage")


class DrawTable(_Table):
    """Windows drawn at each object, and how far they vary."""

    positives: int = Field(ge=1)
    parts: int = Field(ge=1)
    near: int = Field(ge=0)
    turn_degrees: float = Field(default=17, ge=0, le=90)

    def draw(self, repeat: int) -> Draw:
        """Multiply by a source's weight."""
        turn = self.turn_degrees * 3.14159265 / 180
        return Draw(self.positives * repeat, self.parts * repeat, self.near * repeat, turn=turn)


class JitterTable(_Table):
    """How far a window is moved each time that it is shown."""

    shift: float = Field(default=0.0, ge=0, le=0.2, description="up to so many sides, either way")
    zoom: float = Field(default=0.0, ge=0, le=0.2, description="up to a factor exp(zoom), either way")


class StageTable(_Table):
    """How one network is trained, and the score from which its windows go on to the next stage's training."""

    steps: int = Field(gt=0)
    batch: int = Field(gt=1)
    rate: float = Field(default=2e-3, gt=0)
    precision: Literal["float32", "mixed_bfloat16"] = "mixed_bfloat16"
    positive_share: float = Field(default=0.25, gt=0, lt=1)
    part_share: float = Field(default=0.15, gt=0, lt=1)
    box_weight: float = Field(default=0.5, ge=0)
    landmarks_weight: float = Field(default=0.25, ge=0)
    jitter: JitterTable | None = None
    average_momentum: float | None = Field(default=None, gt=0, lt=1, description="of the weights' moving average")
    draw: DrawTable
    mining_threshold: float = Field(gt=0, lt=1)

    def fit(self) -> Fit:
        """Give the training's parameters."""
        shares = {
            POSITIVE: self.positive_share,
            PART: self.part_share,
            NEGATIVE: 1 - self.positive_share - self.part_share,
        }
        weights = {"face": 1.0, "box": self.box_weight, "landmarks": self.landmarks_weight}
        jitter = Jitter(self.jitter.shift, self.jitter.zoom) if self.jitter else None
        return Fit(self.steps, self.batch, self.rate, shares, weights, jitter, self.average_momentum)


class StagesTable(_Table):
    """The three networks."""

    pnet: StageTable
    rnet: StageTable
    onet: StageTable


class ThresholdsTable(_Table):
    """Least scores of the finished cascade, for its bundle."""

    pnet: float = Field(gt=0, lt=1)
    rnet: float = Field(gt=0, lt=1)
    onet: float = Field(gt=0, lt=1)


class CascadeRecipe(_Table):
    """Everything that decides a cascade's training."""

    task: Literal["faces", "hands"]
    held_back: float = Field(default=0.12, gt=0, lt=1, description="share of the people or sessions that validate")
    smallest_px: int = Field(default=20, ge=12, description="smallest object looked for in the pictures")
    teacher: str | None = Field(default=None, description="the teacher's list, below the data folder")
    thresholds: ThresholdsTable
    sources: dict[str, SourceTable] = Field(min_length=1)
    stages: StagesTable

    @model_validator(mode="after")
    def _check(self) -> CascadeRecipe:
        needing = [name for name, source in self.sources.items() if source.ask_teacher or "taught" in source.loader]
        if needing and self.teacher is None:
            raise ValueError(f"the sources {needing} need the key teacher")
        for name, source in self.sources.items():
            if source.labels is not None and source.loader not in LABELLED:
                raise ValueError(f"sources.{name}.labels: only the loaders {', '.join(LABELLED)} know labels")
        return self


def read_cascade_recipe(file: Path) -> CascadeRecipe:
    """The recipe in ``file``.

    Raises:
        RecipeError: naming file, key, rule and what was received.
    """
    return read_toml(file, CascadeRecipe, RecipeError, "recipe")
