"""A recipe: the TOML file that decides everything about a detector's training except data folder and seed."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from pydantic import Field, model_validator

from convert.networks.detector import DetectorSize
from convert.toml_file import read_toml
from convert.training.recipe import PixelsTable, RecipeError
from convert.training.scenes.recipe import SceneRecipe, SceneTable, StrictTable
from edge.vision.heatmap import GRID_PX


class SourceTable(SceneTable):
    """Where scenes come from, and how often they are shown."""

    weight: float = Field(default=1.0, gt=0, description="share of the tiles that show this source")
    chooses_threshold: bool = Field(
        default=False, description="some of its people are not trained on, but choose the bundle's threshold"
    )


class CanvasTable(StrictTable):
    """The canvases that the network is trained on: tiles, each with a random part of a picture.

    Sizes are longer sides of objects, in pixels of the canvas.
    """

    width: int = Field(gt=0, multiple_of=GRID_PX)
    height: int = Field(gt=0, multiple_of=GRID_PX)
    smallest_px: float = Field(default=14, gt=4, description="smallest object that the network should find")
    largest_px: float = Field(default=200, gt=4)
    tilings: dict[int, float] = Field(default={1: 0.4, 2: 0.4, 3: 0.2}, description="tiles a side → chance")
    last_tilings: dict[int, float] = Field(default={1: 0.65, 2: 0.35}, description="the same in the last epochs")
    rotate_degrees: float = Field(default=15, ge=0, le=90)
    turned: float = Field(default=0.0, ge=0, le=1, description="probability of a quarter or half turn besides")
    stretch: float = Field(default=0.15, ge=0, lt=1, description="height against width, up to this share either way")
    mirror: bool = True

    @model_validator(mode="after")
    def _check(self) -> CanvasTable:
        if self.largest_px <= self.smallest_px:
            raise ValueError(f"largest_px must exceed smallest_px, received {self.largest_px} and {self.smallest_px}")
        for name in ("tilings", "last_tilings"):
            tilings = getattr(self, name)
            if not tilings or min(tilings) < 1:
                raise ValueError(f"{name}: needs numbers of tiles from 1 up, received {tilings}")
        return self


class NetworkTable(StrictTable):
    """Channels of the network at stride 4, and of its stages at stride 8, 16 and 32 with their numbers of blocks."""

    stem: int = Field(default=DetectorSize.stem, gt=0)
    widths: tuple[int, int, int] = DetectorSize.widths
    blocks: tuple[int, int, int] = DetectorSize.blocks

    @model_validator(mode="after")
    def _check(self) -> NetworkTable:
        for name in ("widths", "blocks"):
            if min(getattr(self, name)) < 1:
                raise ValueError(f"{name}: needs three numbers from 1 up, received {getattr(self, name)}")
        return self

    @property
    def size(self) -> DetectorSize:
        """The same, as the network's builder takes it."""
        return DetectorSize(self.stem, self.widths, self.blocks)


class FitTable(StrictTable):
    """How the network is trained: AdamW, the rate rising for ``warmup_steps`` and falling as a cosine."""

    epochs: int = Field(gt=0)
    last_epochs: int = Field(
        default=0, ge=0, description="so many of them show mostly whole pictures, as the device does (YOLOX)"
    )
    steps_per_epoch: int = Field(gt=0)
    batch: int = Field(gt=1)
    rate: float = Field(default=2e-3, gt=0)
    warmup_steps: int = Field(default=500, ge=0)
    weight_decay: float = Field(default=1e-2, ge=0)
    average_momentum: float = Field(default=0.999, ge=0, lt=1, description="of the moving average of the weights")
    box_weight: float = Field(default=2.0, gt=0, description="of the loss of the boxes against that of the centres")
    precision: Literal["float32", "mixed_bfloat16"] = "mixed_bfloat16"


class ThresholdTable(StrictTable):
    """How the bundle's threshold is chosen: the lowest with so few false finds, on pictures not trained on."""

    false_per_image: float = Field(default=0.05, gt=0)
    share: float = Field(default=0.1, gt=0, lt=1, description="of the people of sources that choose it")


class DetectorRecipe(SceneRecipe):
    """Everything that decides a detector's training."""

    task: Literal["hands"]
    sources: dict[str, SourceTable] = Field(min_length=1)
    network: NetworkTable = NetworkTable()
    canvas: CanvasTable
    pixels: PixelsTable = PixelsTable()
    fit: FitTable
    threshold: ThresholdTable = ThresholdTable()


def read_detector_recipe(file: Path) -> DetectorRecipe:
    """The recipe in ``file``.

    Raises:
        RecipeError: naming file, key, rule and what was received.
    """
    return read_toml(file, DetectorRecipe, RecipeError, "recipe")
