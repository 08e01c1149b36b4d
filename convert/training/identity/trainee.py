"""An embedder in training: ArcFace's head on top, which is dropped at the end, and a judge that looks at pairs."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray

from convert.data.classes import LabelledImages
from convert.networks.arcface import ArcFaceLoss, CosineClassifier
from convert.networks.embedder import build_embedder
from convert.training.batches import PlainBatches
from convert.training.callbacks import Judge
from convert.training.checkpoint import Arrays, values_of
from convert.training.datasets import Prepared
from convert.training.identity.pairs import draw_pairs, pair_figures
from convert.training.identity.recipe import IdentityRecipe
from convert.training.network import make_optimiser
from convert.training.trainee import Trainee


def class_numbers(targets: NDArray[np.int64], classes: int) -> NDArray[np.int64]:
    """``targets`` themselves: a row of zeros for each of many thousand people would only take time."""
    return targets


class IdentityTrainee(Trainee):
    """Brings photos of one person together on a sphere, and those of others apart."""

    encode = staticmethod(class_numbers)

    def __init__(self, recipe: IdentityRecipe, prepared: Prepared) -> None:
        self.recipe: IdentityRecipe = recipe
        self.prepared = prepared

    def compiled(self, steps_per_epoch: int) -> keras.Model:
        head = CosineClassifier(len(self.prepared.train.labels), name="people")
        embedder = embedder_of(self.recipe, self.recipe.input.train_size)
        network = keras.Sequential([embedder, head], name="arcface")
        network.compile(
            optimizer=make_optimiser(self.recipe.optimiser, steps_per_epoch),
            loss=ArcFaceLoss(self.recipe.loss.margin, self.recipe.loss.scale),
            metrics=[keras.metrics.SparseCategoricalAccuracy(name="accuracy")],
        )
        return network

    def judge(self, images: LabelledImages) -> Judge:
        return PairJudge(images, self.recipe)

    def exported(self, weights: Arrays) -> keras.Model:
        keras.config.set_dtype_policy("float32")
        embedder = embedder_of(self.recipe, self.recipe.input.size)
        embedder.set_weights(weights)
        return embedder

    def figures(self, exported: keras.Model) -> dict[str, Any]:
        validation = self.prepared.validation
        pairs = draw_pairs(validation.targets)
        return {
            "train": self.amounts(self.prepared.train),
            "validation": self.amounts(validation),
            **pair_figures(embeddings_of(exported, validation, self.recipe), pairs),
        }

    def amounts(self, images: LabelledImages) -> dict[str, int]:
        return {"people": len(np.unique(images.targets)), "photos": len(images)}


class PairJudge(Judge):
    """By pairs of photos: ``val_accuracy`` is LFW's, ``val_loss`` the equal error rate."""

    def __init__(self, images: LabelledImages, recipe: IdentityRecipe) -> None:
        super().__init__()
        self._images, self._recipe = images, recipe
        self._pairs = draw_pairs(images.targets)
        self._embedder = embedder_of(recipe, recipe.input.size)

    @property
    def weights(self) -> Arrays:
        return self._weights

    def on_epoch_end(self, epoch: int, logs: dict[str, float]) -> None:
        self._weights = _averages(self.model, self.model.layers[0])
        self._embedder.set_weights(self._weights)
        figures = pair_figures(embeddings_of(self._embedder, self._images, self._recipe), self._pairs)
        logs["val_loss"], logs["val_accuracy"] = figures["equal_error"], figures["accuracy"]


def embedder_of(recipe: IdentityRecipe, size: int) -> keras.Model:
    """The recipe's embedder, untrained."""
    return build_embedder(
        recipe.network.architecture,
        size=size,
        channels=recipe.input.channels,
        dimensions=recipe.network.dimensions,
        dropout=recipe.network.dropout,
    )


def embeddings_of(embedder: keras.Model, images: LabelledImages, recipe: IdentityRecipe) -> NDArray[np.float32]:
    """The embeddings ``(n, d)`` of crops as the device sees them."""
    return np.asarray(embedder.predict(PlainBatches(images, recipe), verbose=0)[: len(images)])


def _averages(network: keras.Model, part: keras.Model) -> Arrays:
    """The moving averages of the weights of ``part``, which belongs to the compiled ``network``."""
    swap = keras.callbacks.SwapEMAWeights()
    swap.set_model(network)
    swap.on_predict_begin()
    weights = values_of(part.weights)
    swap.on_predict_end()
    return weights
