"""A recipe for identity: the TOML file that decides everything about its training except data folder and seed."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from pydantic import Field, model_validator

from convert.data.groups import GROUPS, SplitRule
from convert.toml_file import read_toml
from convert.training.recipe import BaseRecipe, NetworkTable, OptimiserTable, RecipeError, Table


class PeopleTable(Table):
    """Who trains, and who validates: see :mod:`convert.data.people`."""

    crop: Literal["faces", "none"] = Field(
        default="faces", description="cut out and align by the face cascade's five points; none if that is done already"
    )
    least_photos: int = Field(default=2, ge=1, description="people with fewer photos are left out")
    without: str | None = Field(
        default=None, description="list of people in LFW's form, below the data folder, who neither train nor validate"
    )
    split: SplitRule = Field(default=GROUPS, description="by person; or by photos of everybody, whose figures flatter")
    held_out_share: float = Field(default=0.1, gt=0, lt=1, description="of the people, or of everybody's photos")


class EmbedderTable(NetworkTable):
    """A residual network, and the layers that make an embedding of its last map."""

    dimensions: int = Field(default=512, gt=1)
    dropout: float = Field(default=0.4, ge=0, lt=1)


class LossTable(Table):
    """ArcFace's (Deng et al., 2019, section 3.1)."""

    margin: float = Field(default=0.5, ge=0, lt=1.57, description="radians added to the angle to the true centre")
    scale: float = Field(default=64.0, gt=0)


class IdentityOptimiser(OptimiserTable):
    """As for classifiers, without label smoothing, which works against a margin."""

    label_smoothing: float = Field(default=0.0, ge=0, le=0)


class IdentityRecipe(BaseRecipe):
    """Everything that decides the training of an embedder."""

    task: Literal["identity"]
    people: PeopleTable = PeopleTable()
    network: EmbedderTable
    loss: LossTable = LossTable()
    optimiser: IdentityOptimiser

    @model_validator(mode="after")
    def _check(self) -> IdentityRecipe:
        if self.input.train_size != self.input.size:
            raise ValueError(f"input.train_size must be input.size, {self.input.size}: an embedder takes one size only")
        return self


def read_identity_recipe(file: Path) -> IdentityRecipe:
    """The recipe in ``file``.

    Raises:
        RecipeError: naming file, key, rule and what was received.
    """
    return read_toml(file, IdentityRecipe, RecipeError, "recipe")
