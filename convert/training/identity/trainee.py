"""An embedder in training: what teaches it on top, which is dropped at the end, and a judge of pairs."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import keras
import numpy as np
from keras import layers, ops
from numpy.typing import NDArray

from convert.data.classes import LabelledImages
from convert.networks.arcface import ArcFaceLoss, CosineClassifier
from convert.networks.embedder import EMBEDDER_NAME
from convert.training.batches import Batches, PlainBatches
from convert.training.callbacks import Judge, Parts, average_weights
from convert.training.checkpoint import Arrays, values_of
from convert.training.identity.network import build_identity
from convert.training.identity.pairs import PhotoPairs, draw_pairs, pair_figures
from convert.training.identity.prepare import NOBODY, PreparedPeople
from convert.training.identity.recipe import IdentityRecipe
from convert.training.identity.teaching import MEAN_OF, Lesson, crop_window, teacher_of
from convert.training.network import make_optimiser
from convert.training.normalizations import first_pixels, refresh_statistics
from convert.training.trainee import Trainee


def class_numbers(targets: NDArray[np.int64], classes: int) -> NDArray[np.int64]:
    """``targets`` themselves: a row of zeros for each of many thousand people would only take time."""
    return targets


class IdentityTrainee(Trainee):
    """Brings photos of one person together on a sphere, and those of others apart."""

    encode = staticmethod(class_numbers)

    def __init__(
        self, recipe: IdentityRecipe, prepared: PreparedPeople, teacher: Callable[[], keras.Model] | None = None
    ) -> None:
        """``teacher`` gives dlib's face network, for a recipe with the table ``[teacher]``."""
        self.recipe: IdentityRecipe = recipe
        self.prepared: PreparedPeople = prepared
        self._teacher = teacher
        self.taught_by = int(teacher is not None)

    def compiled(self, steps_per_epoch: int) -> keras.Model:
        size = self.recipe.input.train_size
        canvas = keras.Input((size, size, self.recipe.input.channels), name="canvas")
        crop = layers.Cropping2D(crop_window(self.recipe).cropping)(canvas)
        embedding = build_identity(self.recipe)(crop)
        if self._teacher and self.recipe.teacher:
            teacher = teacher_of(self._teacher(), self.recipe)
            lesson = Lesson(self._mean_answer(teacher), self.recipe.teacher.weight, name="lesson")
            embedding = lesson([embedding, teacher(canvas)])
        people = CosineClassifier(len(self.prepared.train.labels), name="people")(embedding)
        network = keras.Model(canvas, people, name="arcface")
        table = self.recipe.loss
        network.compile(
            optimizer=make_optimiser(self.recipe.optimiser, steps_per_epoch),
            loss=ArcFaceLoss(table.margin, table.scale),
            loss_weights=table.weight,
            metrics=[NamedAccuracy(name="accuracy")],
        )
        return network

    def kept_part(self, network: keras.Model) -> keras.Model:
        return network.get_layer(EMBEDDER_NAME)

    def seen(self, canvases: NDArray[np.float32]) -> NDArray[np.float32]:
        window = crop_window(self.recipe)
        rows, columns = (slice(start, start + window.side) for start in (window.top, window.left))
        return canvases[:, rows, columns]

    def judge(self, images: LabelledImages, batches: Batches) -> Judge:
        listed = images is self.prepared.validation
        pairs = self.prepared.pairs if listed else draw_pairs(images.targets)
        return PairJudge(images, pairs, self.recipe, batches, self)

    def exported(self, weights: Arrays) -> keras.Model:
        keras.config.set_dtype_policy("float32")
        embedder = build_identity(self.recipe)
        embedder.set_weights(weights)
        return embedder

    def figures(self, exported: keras.Model) -> dict[str, Any]:
        validation = self.prepared.validation
        return {
            "train": self.amounts(self.prepared.train),
            "validation": self.amounts(validation),
            **pair_figures(embeddings_of(exported, validation, self.recipe), self.prepared.pairs),
        }

    def amounts(self, images: LabelledImages) -> dict[str, int]:
        named = images.targets != NOBODY
        unnamed = {} if named.all() else {"unnamed": int((~named).sum())}
        return {"people": len(np.unique(images.targets[named])), "photos": int(named.sum()), **unnamed}

    def _mean_answer(self, teacher: keras.Model) -> NDArray[np.float32]:
        """The mean ``(128,)`` of the teacher's answers of length 1 on training faces, the same ones each time."""
        train, size = self.prepared.train, self.recipe.input.train_size
        chosen = np.random.default_rng(0).permutation(len(train))[:MEAN_OF]
        faces = self.prepared.as_on_the_device(train.take(chosen), size, seed=0)
        answers = teacher.predict(PlainBatches(faces, self.recipe, batch=64), verbose=0)[: len(faces)]
        units = answers / np.linalg.norm(answers, axis=1, keepdims=True)
        return np.asarray(units.mean(axis=0), np.float32)


class NamedAccuracy(keras.metrics.SparseCategoricalAccuracy):
    """How many of the faces with a name are nearest to its centre."""

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
        """Count the batch's."""
        super().update_state(y_true, y_pred, ops.cast(ops.reshape(y_true, (-1,)) != NOBODY, "float32"))


class PairJudge(Judge):
    """By pairs of photos: ``val_accuracy`` is LFW's, ``val_loss`` the equal error rate."""

    def __init__(
        self, images: LabelledImages, pairs: PhotoPairs, recipe: IdentityRecipe, batches: Batches, parts: Parts
    ) -> None:
        super().__init__()
        self._images, self._pairs, self._recipe = images, pairs, recipe
        self._batches, self._parts = batches, parts
        self._embedder = build_identity(recipe)

    @property
    def weights(self) -> Arrays:
        return values_of(self._embedder.weights)

    def on_epoch_end(self, epoch: int, logs: dict[str, float]) -> None:
        self._embedder.set_weights(average_weights(self.model, self._parts.kept_part(self.model)))
        refresh_statistics(self._embedder, map(self._parts.seen, first_pixels(self._batches)))
        figures = pair_figures(embeddings_of(self._embedder, self._images, self._recipe), self._pairs)
        logs["val_loss"], logs["val_accuracy"] = figures["equal_error"], figures["accuracy"]


def embeddings_of(embedder: keras.Model, images: LabelledImages, recipe: IdentityRecipe) -> NDArray[np.float32]:
    """The embeddings ``(n, d)`` of crops as the device sees them."""
    return np.asarray(embedder.predict(PlainBatches(images, recipe), verbose=0)[: len(images)])
