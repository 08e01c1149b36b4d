"""What the loop trains: a kind of network with its loss, its measure and its report."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray

from convert.data.classes import LabelledImages
from convert.training.batches import Batches, Encode, PlainBatches, one_hot
from convert.training.callbacks import ClassJudge, Judge
from convert.training.checkpoint import Arrays
from convert.training.datasets import Prepared
from convert.training.network import build_network, compile_network, export_network
from convert.training.recipe import BaseRecipe, Recipe
from convert.training.report import summary


class Trainee(ABC):
    """A network to be trained by ``recipe`` on the crops that are ``prepared``; ``encode`` is for its loss."""

    encode: Encode
    recipe: BaseRecipe
    prepared: Prepared
    teachers: Sequence[str] = ()
    """Digests of the weights of the networks that teach it beside the data."""
    taught_by: int = 0
    """So many networks have taught it, beside the data or before."""

    @abstractmethod
    def compiled(self, steps_per_epoch: int) -> keras.Model:
        """The network in training, under the current dtype policy."""

    @abstractmethod
    def kept_part(self, network: keras.Model) -> keras.Model:
        """The part of the ``network`` in training that is exported; the same weights in the same order."""

    def seen(self, canvases: NDArray[np.float32]) -> NDArray[np.float32]:
        """What that part is shown of training ``canvases`` ``(n, side, side, c)``: all of them."""
        return canvases

    @abstractmethod
    def judge(self, images: LabelledImages, batches: Batches) -> Judge:
        """What judges it on ``images`` after each epoch of the training ``batches``."""

    @abstractmethod
    def exported(self, weights: Arrays) -> keras.Model:
        """The result: a float32 network with the ``weights`` that a judge gave, for the device's crop size."""

    @abstractmethod
    def figures(self, exported: keras.Model) -> dict[str, Any]:
        """For the report: how much it was trained and judged on, and how good it is, with ``accuracy``."""

    @abstractmethod
    def amounts(self, images: LabelledImages) -> dict[str, int]:
        """How much there is in ``images``, in the report's words."""


class ClassifierTrainee(Trainee):
    """Tells classes apart by logits."""

    encode = staticmethod(one_hot)

    def __init__(self, recipe: Recipe, prepared: Prepared) -> None:
        self.recipe: Recipe = recipe
        self.prepared = prepared

    def compiled(self, steps_per_epoch: int) -> keras.Model:
        network = build_network(self.recipe, None)
        compile_network(network, self.recipe, steps_per_epoch)
        return network

    def kept_part(self, network: keras.Model) -> keras.Model:
        return network

    def judge(self, images: LabelledImages, batches: Batches) -> Judge:
        policy = keras.config.dtype_policy()
        keras.config.set_dtype_policy("float32")
        try:
            judged = build_network(self.recipe, None)
        finally:
            keras.config.set_dtype_policy(policy)
        return ClassJudge(images, self.recipe, judged, batches, self)

    def exported(self, weights: Arrays) -> keras.Model:
        return export_network(self.recipe, weights)

    def figures(self, exported: keras.Model) -> dict[str, Any]:
        validation = self.prepared.validation
        logits = exported.predict(PlainBatches(validation, self.recipe), verbose=0)[: len(validation)]
        return {
            "train": self.amounts(self.prepared.train),
            "validation": self.amounts(validation),
            **summary(validation, logits.argmax(axis=1)),
        }

    def amounts(self, images: LabelledImages) -> dict[str, int]:
        return images.counts()
