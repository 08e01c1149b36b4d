"""A recipe for identity: the TOML file that decides everything about its training except data folder and seed."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from pydantic import Field, model_validator

from convert.data.groups import GROUPS, SplitRule
from convert.networks.presets import Pooling
from convert.toml_file import read_toml
from convert.training.recipe import BaseRecipe, NetworkTable, OptimiserTable, RecipeError, Table


class PeopleTable(Table):
    """Who trains, and who validates: see :mod:`convert.data.people`."""

    folder: str = Field(default=".", description="the folder of people, below the data folder")
    crop: Literal["faces", "none"] = Field(
        default="faces", description="cut out and align by the face cascade's five points; none if that is done already"
    )
    least_photos: int = Field(default=2, ge=1, description="people with fewer photos are left out")
    without: str | None = Field(
        default=None, description="list of people in LFW's form, in the folder, who neither train nor validate"
    )
    split: SplitRule = Field(default=GROUPS, description="by person; or by photos of everybody, whose figures flatter")
    held_out_share: float = Field(default=0.1, gt=0, lt=1, description="of the people, or of everybody's photos")
    pairs: str | None = Field(default=None, description="list of pairs in LFW's form, in the folder")
    folds: tuple[int, ...] = Field(
        default=(), description="whose pairs validate, from 0; nobody in them trains, and held_out_share is not used"
    )

    @model_validator(mode="after")
    def _check(self) -> PeopleTable:
        if (self.pairs is None) != (not self.folds):
            raise ValueError("pairs and folds go together: give both or neither")
        if self.folds and self.split != GROUPS:
            raise ValueError(f"folds hold people out: split must be {GROUPS!r}")
        return self


class EmbedderTable(NetworkTable):
    """A residual network, and the layers that make an embedding of its last map."""

    dimensions: int = Field(default=512, gt=1)
    dropout: float = Field(default=0.4, ge=0, lt=1)
    pooling: Pooling = Field(default="flatten", description="of the last map: depthwise takes far fewer parameters")


class LossTable(Table):
    """ArcFace's (Deng et al., 2019, section 3.1)."""

    margin: float = Field(default=0.5, ge=0, lt=1.57, description="radians added to the angle to the true centre")
    scale: float = Field(default=64.0, gt=0)
    weight: float = Field(default=1.0, ge=0, description="of this loss beside a teacher's")


class FaceTeacherTable(Table):
    """What ``--teacher`` adds: see :mod:`convert.training.identity.teaching`."""

    weight: float = Field(default=10.0, gt=0, description="of 1 - the cosine to the teacher's embedding")
    unlabelled: tuple[str, ...] = Field(
        default=(), description="folders of photos, below the data folder, all of whose faces are taught too"
    )


class IdentityOptimiser(OptimiserTable):
    """As for classifiers, without label smoothing, which works against a margin."""

    label_smoothing: float = Field(default=0.0, ge=0, le=0)


class IdentityRecipe(BaseRecipe):
    """Everything that decides the training of an embedder."""

    task: Literal["identity"]
    people: PeopleTable = PeopleTable()
    network: EmbedderTable
    loss: LossTable = LossTable()
    teacher: FaceTeacherTable | None = Field(default=None, description="for a training with --teacher")
    optimiser: IdentityOptimiser

    @model_validator(mode="after")
    def _check(self) -> IdentityRecipe:
        table = self.input
        if self.teacher is None and table.train_size != table.size:
            raise ValueError(f"input.train_size must be input.size, {table.size}: an embedder takes one size only")
        if self.teacher and (table.train_size < table.size or (table.train_size - table.size) % 2):
            raise ValueError(f"input.train_size must be input.size, {table.size}, and an even margin for the teacher")
        if self.teacher and self.people.crop != "faces":
            raise ValueError("people.crop must be 'faces': the teacher sees more of a photo than the crop")
        if self.teacher and table.colour != "rgb":
            raise ValueError("input.colour must be 'rgb': the teacher looks at the same pixels")
        return self

    @property
    def margin(self) -> int:
        """Pixels around the crop that the training's pictures show for the teacher."""
        return (self.input.train_size - self.input.size) // 2


def read_identity_recipe(file: Path) -> IdentityRecipe:
    """The recipe in ``file``.

    Raises:
        RecipeError: naming file, key, rule and what was received.
    """
    return read_toml(file, IdentityRecipe, RecipeError, "recipe")
