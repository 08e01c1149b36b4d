"""A recipe: the TOML file that decides everything about a classifier's training except data folder and seed."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from convert.data.groups import GROUPS, SplitRule
from convert.networks.presets import PRESETS, Architecture, BlockName, Stage, Stem
from convert.toml_file import read_toml
from edge.errors import ConfigError


class RecipeError(ConfigError):
    """A recipe can't be read or breaks a rule."""


class Table(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class InputTable(Table):
    """What the network is fed: real value = (pixel - mean) * scale."""

    size: int = Field(gt=0, description="side of the crop on the device, pixels")
    train_size: int = Field(gt=0, description="side of the crops in training, pixels")
    colour: Literal["rgb", "grey"]
    mean: float = 127.5
    scale: float = Field(default=1 / 127.5, gt=0)

    @property
    def channels(self) -> int:
        return 1 if self.colour == "grey" else 3


class CropTable(InputTable):
    """What a classifier is fed: the middle of a crop, ``size`` wide."""

    margin: int = Field(default=0, ge=0, description="pixels at each side of the crop that the network isn't shown")
    second_look_below: float = Field(
        default=0.0, ge=0, description="it looks at the mirror image too where its best logit leads by less"
    )
    least_contrast: float = Field(
        default=0.0, ge=0, le=127.5, description="the device brightens a dark crop of a lower standard deviation"
    )

    @property
    def whole(self) -> int:
        """Side of the whole crop, pixels."""
        return self.size + 2 * self.margin


class StageTable(Table):
    width: int = Field(gt=0)
    blocks: int = Field(gt=0)
    stride: int = Field(default=2, ge=1)
    inner: int | None = Field(default=None, gt=0, description="channels inside a basic block, width if not given")


_OWN_KEYS = ("block", "stem_width", "stem_stride", "stages")


class NetworkTable(Table):
    """A residual network: a preset's, or one of its own stem and stages."""

    preset: str | None = Field(default=None, description="a network of convert.networks.presets")
    block: BlockName = "basic"
    stem_width: int = Field(default=24, gt=0)
    stem_stride: int = Field(default=1, ge=1)
    stages: tuple[StageTable, ...] = ()
    dropout: float = Field(default=0.0, ge=0, lt=1)

    @model_validator(mode="after")
    def _check(self) -> NetworkTable:
        if self.preset is not None and self.preset not in PRESETS:
            raise ValueError(f"preset must be one of {', '.join(PRESETS)}")
        own = [key for key in _OWN_KEYS if getattr(self, key) != type(self).model_fields[key].default]
        if self.preset is not None and own:
            raise ValueError(f"a preset decides everything but the dropout: leave out {', '.join(own)}")
        if self.preset is None and not self.stages:
            raise ValueError("needs either preset or stages")
        if self.block != "basic" and any(stage.inner for stage in self.stages):
            raise ValueError("stages.inner: only the two convolutions of a basic block have channels between them")
        return self

    @property
    def architecture(self) -> Architecture:
        if self.preset is not None:
            return PRESETS[self.preset]
        stages = tuple(Stage(stage.width, stage.blocks, stage.stride, stage.inner) for stage in self.stages)
        return Architecture(Stem(self.stem_width, stride=self.stem_stride), stages, self.block)


class OptimiserTable(Table):
    """Stochastic gradient descent with Nesterov momentum; the rate rises linearly, then falls by a cosine to 0."""

    epochs: int = Field(gt=0)
    batch: int = Field(gt=1)
    samples_per_epoch: int | None = Field(default=None, gt=0, description="all training crops if not given")
    rate: float = Field(gt=0)
    warmup_epochs: float = Field(default=1.0, ge=0)
    momentum: float = Field(default=0.9, ge=0, lt=1)
    weight_decay: float = Field(default=0.0, ge=0, description="decoupled: a step takes rate × this off each kernel")
    label_smoothing: float = Field(default=0.1, ge=0, lt=1)
    average_momentum: float = Field(default=0.995, gt=0, lt=1, description="of the weights' moving average")
    precision: Literal["float32", "mixed_bfloat16", "mixed_float16"] = Field(
        default="mixed_bfloat16", description="mixed: weights in float32, arithmetic in half of that"
    )


class PixelsTable(Table):
    """Random changes to the pixels of a picture; a span of 0 turns one off."""

    brightness: float = Field(default=0.0, ge=0, description="added, up to this share of full scale")
    contrast: float = Field(default=0.0, ge=0, lt=1)
    gamma: float = Field(default=0.0, ge=0, lt=1)
    tint: float = Field(default=0.0, ge=0, lt=1, description="gain of each colour channel by itself")
    saturation: float = Field(default=0.0, ge=0, description="of the colours, up to this share more or less")
    grey: float = Field(default=0.0, ge=0, le=1, description="probability of no colours at all")
    blur: float = Field(default=0.0, ge=0, le=1, description="probability")
    motion: float = Field(default=0.0, ge=0, le=1, description="probability of a blur along a line, as of what moves")
    smear: float = Field(default=0.06, gt=0, lt=1, description="longest one of those, in shorter sides of the picture")
    compression: float = Field(default=0.0, ge=0, le=1, description="probability of what JPEG leaves of it")
    low_resolution: float = Field(default=0.0, ge=0, le=1, description="probability")
    noise: float = Field(default=0.0, ge=0, description="standard deviation at most, share of full scale")
    erase: float = Field(default=0.0, ge=0, le=1, description="probability of one grey rectangle")
    spectacles: float = Field(default=0.0, ge=0, le=1, description="probability of a rim and a glare, for eyes")


class AugmentTable(PixelsTable):
    """Random changes to a training crop."""

    mirror: bool = True
    shift: float = Field(default=0.0, ge=0, le=0.5, description="up to this share of the side, either way")
    zoom: float = Field(default=0.0, ge=0, lt=1, description="scale from 1 - zoom to 1 + zoom")
    rotate_degrees: float = Field(default=0.0, ge=0, le=180)
    background: float = Field(default=0.0, ge=0, le=1, description="probability, for cut-out hands")


class SamplingTable(Table):
    """How often a crop is drawn: classes by their shares, and within a class by the weights of the sources.

    The shares are given, or follow from the classes' sizes n as n^(1 - balance): 0 leaves them as they are, 0.5 takes
    the square root (Mahajan et al., 2018, section 2.2), 1 makes them equal.
    """

    class_shares: dict[str, float] = Field(default={}, description="label → share of all draws; they are normalised")
    balance: float = Field(default=0.0, ge=0, le=1)
    source_weights: dict[str, float] = Field(default={}, description="source → weight of its crops, 1 if not named")

    @model_validator(mode="after")
    def _check(self) -> SamplingTable:
        if self.class_shares and self.balance:
            raise ValueError("give class_shares or balance, not both")
        return self


class EarlyStopTable(Table):
    """Stop when the loss on held-out training crops falls no more; the result is the best network until then.

    Whole groups are held out, so that no person stands on both sides; the validation crops still decide nothing.
    """

    patience_epochs: int = Field(gt=0, description="so many epochs without a better loss end the training")
    min_change: float = Field(default=0.0, ge=0, description="a loss lower by less than this is no better")
    held_out: float = Field(default=0.1, gt=0, lt=0.5, description="share of the training groups")


WHOLE_CROPS = ("fer2013", "ferplus")

FOLDER = "folder"
"""The data set that is a person's own pictures."""

FramingName = Literal["hands", "faces", "eyes", "none"]

FRAMING_OF_TASK: dict[str, FramingName] = {"gesture": "hands", "emotion": "faces", "eyes": "eyes"}
"""What the device cuts out for each task."""


class FolderTable(Table):
    """How a folder of one's own pictures is read: see :mod:`convert.data.folder`."""

    crop: FramingName = Field(
        description="what the device's detectors cut out of each picture; none if it shows nothing else"
    )
    split: SplitRule = Field(
        default=GROUPS, description="by person or session; or by random frames, whose figures flatter"
    )
    person_pattern: str | None = Field(
        default=None, description="regular expression with the group (?P<person>…), searched for in CLASS/…/FILE"
    )
    held_out_share: float = Field(default=0.2, gt=0, lt=1, description="of the persons or sessions; one at least")

    @model_validator(mode="after")
    def _check(self) -> FolderTable:
        if self.person_pattern is None:
            return self
        try:
            pattern = re.compile(self.person_pattern)
        except re.error as error:
            raise ValueError(f"person_pattern is no regular expression: {error}") from error
        if "person" not in pattern.groupindex:
            raise ValueError("person_pattern needs a group (?P<person>…)")
        return self


class TeacherTable(Table):
    """What ``--teacher`` adds: knowledge distillation (Hinton et al., 2015), and photos without labels.

    A crop's target is its label, and the mean of the teachers' probabilities by ``weight``; of a crop without a label
    these alone.  Teachers that look at the augmented pixels, in every batch anew, show a function rather than a list of
    answers (Beyer et al., 2022, *Knowledge distillation: A good teacher is patient and consistent*): it takes their
    time in every step, and many more steps gain something.
    """

    weight: float = Field(default=0.7, gt=0, le=1, description="of the teachers beside the label")
    sees: Literal["plain", "augmented"] = Field(
        default="plain",
        description="each crop once as the device cuts it, or the very pixels that the network is trained on",
    )
    unlabelled: tuple[str, ...] = Field(
        default=(), description="folders of photos, below the data folder; whatever the device finds in them is taught"
    )


class BaseRecipe(Table):
    """What a training needs whatever it trains."""

    task: str
    input: InputTable
    network: NetworkTable
    optimiser: OptimiserTable
    augment: AugmentTable = AugmentTable()
    early_stop: EarlyStopTable | None = Field(default=None, description="without it all epochs are trained")


class Recipe(BaseRecipe):
    """Everything that decides a classifier's training."""

    input: CropTable
    dataset: str = Field(description="the loader that reads the data folder")
    labels: tuple[str, ...] = Field(min_length=2)
    sampling: SamplingTable | None = Field(default=None, description="without it each crop is drawn once an epoch")
    folder: FolderTable | None = Field(default=None, description="for the data set `folder`")
    teacher: TeacherTable | None = Field(default=None, description="for a training with --teacher")
    held_out: tuple[str, ...] = Field(
        default=(),
        description="persons or sessions that validate, by name (folder, leap); without it the loader chooses",
    )

    @model_validator(mode="after")
    def _check_folder(self) -> Recipe:
        if (self.dataset == FOLDER) != (self.folder is not None):
            raise ValueError(f"the data set {FOLDER!r}, and no other, needs the table [folder]")
        wanted = FRAMING_OF_TASK.get(self.task, "none")
        if self.folder and self.folder.crop not in ("none", wanted):
            raise ValueError(f"folder.crop must be {wanted!r} or 'none' for {self.task!r}")
        if self.held_out and self.dataset not in (FOLDER, "leap"):
            raise ValueError(f"held_out is for the data sets {FOLDER} and leap, this one has its own split")
        return self

    @model_validator(mode="after")
    def _check_input(self) -> Recipe:
        if self.input.margin and self.dataset not in WHOLE_CROPS:
            raise ValueError(f"input.margin is for {' and '.join(WHOLE_CROPS)}, whose pictures are the whole crop")
        if self.input.second_look_below and not self.augment.mirror:
            raise ValueError("input.second_look_below needs augment.mirror: the network must have seen mirror images")
        return self

    @model_validator(mode="after")
    def _check(self) -> Recipe:
        shares = self.sampling.class_shares if self.sampling else {}
        if shares and set(shares) != set(self.labels):
            raise ValueError(f"sampling.class_shares must name each of the labels {list(self.labels)} once")
        return self


def read_recipe(file: Path) -> Recipe:
    """The recipe in ``file``.

    Raises:
        RecipeError: naming file, key, rule and what was received.
    """
    return read_toml(file, Recipe, RecipeError, "recipe")
