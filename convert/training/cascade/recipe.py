"""A recipe: the TOML file that decides everything about a cascade's training except data folder and seed."""

from __future__ import annotations

from math import radians
from pathlib import Path
from typing import Literal

from pydantic import Field, model_validator

from convert.networks.cascade import ONET_WIDTHS, OnetWidths
from convert.toml_file import read_toml
from convert.training.cascade.augment import CutOff, Jitter
from convert.training.cascade.draw import Draw
from convert.training.cascade.fit import EPOCHS, HUBER_DELTA, Fit
from convert.training.cascade.samples import NEGATIVE, PART, PART_IOU, POSITIVE, POSITIVE_IOU
from convert.training.recipe import PixelsTable, RecipeError
from convert.training.scenes.recipe import SceneRecipe, SceneTable, StrictTable
from edge.vision.pyramid import MTCNN_SPACING, Spacing


class MiningTable(StrictTable):
    """Scores from which windows of a source go on to the next stage's training."""

    pnet: float | None = Field(default=None, gt=0, lt=1)
    rnet: float | None = Field(default=None, gt=0, lt=1)

    def given(self) -> dict[str, float]:
        """Those that are given, by network."""
        return self.model_dump(exclude_none=True)


class SourceTable(SceneTable):
    """Where scenes come from, and how much is taken from each of them."""

    repeat: int = Field(default=1, ge=0, description="multiplies the windows drawn at its objects")
    background: int = Field(default=0, ge=0, description="background windows for P-Net drawn from each picture")
    zooms: tuple[float, ...] = Field(default=(1.0,), description="sizes at which the stages so far search a picture")
    mined: int = Field(default=15, ge=0, description="at most so many false finds of a search become negatives")
    share: float = Field(default=1.0, ge=0, le=1, description="part of the pictures searched for each stage")
    mining_thresholds: MiningTable = Field(
        default=MiningTable(), description="in place of the stages' own, where these let too little through"
    )


class DrawTable(StrictTable):
    """Windows drawn at each object, and how far they vary."""

    positives: int = Field(ge=1)
    parts: int = Field(ge=1)
    near: int = Field(ge=0)
    turn_degrees: float = Field(default=17, ge=0, le=90)
    reach: float = Field(default=0.45, gt=0, lt=1, description="parts of an object lie up to so many sides off")
    zoom: float = Field(default=0.4, gt=0, le=1, description="and are up to a factor exp(zoom) smaller or larger")
    positive_iou: float = Field(default=POSITIVE_IOU, gt=PART_IOU, lt=1, description="least overlap of a positive")

    def draw(self, repeat: int) -> Draw:
        """Multiply by a source's weight."""
        return Draw(
            self.positives * repeat,
            self.parts * repeat,
            self.near * repeat,
            self.reach,
            self.zoom,
            radians(self.turn_degrees),
            self.positive_iou,
        )


class JitterTable(StrictTable):
    """How far a window is moved each time that it is shown."""

    shift: float = Field(default=0.0, ge=0, le=0.2, description="up to so many sides, either way")
    zoom: float = Field(default=0.0, ge=0, le=0.2, description="up to a factor exp(zoom), either way")


class CutOffTable(StrictTable):
    """How many windows an edge of the image crosses, and how deep."""

    share: float = Field(gt=0, le=1, description="of the windows")
    depth: float = Field(gt=0, le=0.5, description="up to so much of the object is lost")


class FitTable(StrictTable):
    """How one network is trained."""

    steps: int = Field(ge=0, description="0 leaves the network as --initial has it")
    batch: int = Field(gt=1)
    rate: float = Field(default=2e-3, gt=0)
    precision: Literal["float32", "mixed_bfloat16"] = "mixed_bfloat16"
    positive_share: float = Field(default=0.25, gt=0, lt=1)
    part_share: float = Field(default=0.15, gt=0, lt=1)
    box_weight: float = Field(default=0.5, ge=0)
    landmarks_weight: float = Field(default=0.25, ge=0)
    landmarks_delta: float = Field(
        default=HUBER_DELTA, gt=0, description="errors of a point above so many window sides count linearly"
    )
    saturation: float = Field(default=0.0, ge=0, description="of the colours, up to this share more or less")
    pixels: PixelsTable | None = Field(default=None, description="changes of each window before its light changes")
    jitter: JitterTable | None = None
    cut_off: CutOffTable | None = None
    int8_steps: int = Field(default=0, ge=0, description="steps at int8's levels after the others")
    average_momentum: float | None = Field(default=None, gt=0, lt=1, description="of the weights' moving average")
    draw: DrawTable

    def fit(self) -> Fit:
        """Give the training's parameters."""
        shares = {
            POSITIVE: self.positive_share,
            PART: self.part_share,
            NEGATIVE: 1 - self.positive_share - self.part_share,
        }
        weights = {"face": 1.0, "box": self.box_weight, "landmarks": self.landmarks_weight}
        jitter = Jitter(self.jitter.shift, self.jitter.zoom) if self.jitter else None
        cut_off = CutOff(self.cut_off.share, self.cut_off.depth) if self.cut_off else None
        return Fit(
            self.steps,
            self.batch,
            self.rate,
            shares,
            weights,
            jitter,
            cut_off,
            self.average_momentum,
            epochs=min(EPOCHS, max(self.steps, 1)),
            landmarks_delta=self.landmarks_delta,
            saturation=self.saturation,
            pixels=self.pixels,
        )


class StageTable(FitTable):
    """And the score from which its windows go on to the next stage's training."""

    mining_threshold: float = Field(gt=0, lt=1)


class StagesTable(StrictTable):
    """The three networks."""

    pnet: StageTable
    rnet: StageTable
    onet: StageTable


class ThresholdsTable(StrictTable):
    """Least scores of the finished cascade, for its bundle."""

    pnet: float = Field(gt=0, lt=1)
    rnet: float = Field(gt=0, lt=1)
    onet: float = Field(gt=0, lt=1)


class PyramidTable(StrictTable):
    """The levels at which P-Net looks; what it learns has to match (``stages.pnet.draw``)."""

    step: float = Field(default=MTCNN_SPACING.step, gt=0.2, lt=1, description="size relative to the level before")
    fill: float = Field(
        default=MTCNN_SPACING.fill, gt=0.2, le=1, description="so much of a window the smallest object fills"
    )

    @property
    def spacing(self) -> Spacing:
        """For the pyramid."""
        return Spacing(self.step, self.fill)


class CascadeRecipe(SceneRecipe):
    """Everything that decides a cascade's training."""

    task: Literal["faces", "hands"]
    smallest_px: int = Field(default=20, ge=12, description="smallest object looked for in the pictures")
    thresholds: ThresholdsTable
    pyramid: PyramidTable = PyramidTable()
    sources: dict[str, SourceTable] = Field(min_length=1)
    stages: StagesTable

    def bundle_thresholds(self) -> dict[str, float]:
        """By the names of a bundle's manifest (:class:`edge.vision.cascade.Thresholds`)."""
        spacing = self.pyramid.model_dump(exclude_defaults=True)
        return self.thresholds.model_dump() | {f"pyramid_{key}": value for key, value in spacing.items()}


class OnetTable(FitTable):
    """How an O-Net is trained, and how wide it is."""

    steps: int = Field(gt=0)
    widths: OnetWidths = Field(
        default=ONET_WIDTHS,
        description="channels of its convolutions, units of its dense layer; of a wider --initial "
        "those that matter most",
    )

    @model_validator(mode="after")
    def _check_widths(self) -> OnetTable:
        if min(self.widths) < 1:
            raise ValueError(f"widths: needs five numbers from 1 up, received {list(self.widths)}")
        return self


class ConfirmRecipe(SceneRecipe):
    """Everything that decides the training of an O-Net for what a single-shot detector finds."""

    task: Literal["hands"]
    smallest_px: int = Field(default=40, ge=12, description="smallest object that the detector is asked for")
    least_score: float = Field(default=0.03, gt=0, lt=1, description="of the detector's finds that are learned from")
    sources: dict[str, SourceTable] = Field(min_length=1)
    onet: OnetTable

    @model_validator(mode="after")
    def _check_mining(self) -> ConfirmRecipe:
        for name, source in self.sources.items():
            if source.mining_thresholds.given():
                raise ValueError(
                    f"sources.{name}.mining_thresholds: are for a cascade's stages; here least_score counts"
                )
        return self


def read_confirm_recipe(file: Path) -> ConfirmRecipe:
    """The recipe in ``file``.

    Raises:
        RecipeError: naming file, key, rule and what was received.
    """
    return read_toml(file, ConfirmRecipe, RecipeError, "recipe")


def read_cascade_recipe(file: Path) -> CascadeRecipe:
    """The recipe in ``file``.

    Raises:
        RecipeError: naming file, key, rule and what was received.
    """
    return read_toml(file, CascadeRecipe, RecipeError, "recipe")
