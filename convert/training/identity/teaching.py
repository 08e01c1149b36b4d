"""Learning from dlib's face network: the cosine of two embeddings shall be that of the teacher's.

The teacher looks at the same augmented pixels as the student, in every batch anew (Beyer et al., 2022, *Knowledge
distillation: A good teacher is patient and consistent*): a few thousand photos so show a function rather than a list
of answers, and a face needs no name.

dlib's vectors all point nearly one way: the cosines of strangers are about 0.84.  Less half their mean they tell
people apart as well (see :data:`MEAN_SHARE`) by cosines that are further from each other.  A fixed rotation takes
their 128 numbers to the student's dimensions, and leaves each cosine as it is.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import keras
import numpy as np
from keras import layers, ops
from numpy.typing import NDArray

from convert.networks.dlib_face import CHIP_PX
from convert.training.identity.recipe import IdentityRecipe
from convert.training.recipe import RecipeError

CHIP = (0.056, 0.178, 0.898)
"""Left, top and side of dlib's chip, in sides of the identity crop: ``get_face_chip_details`` brings the middles of the
eyes 0.350 of the chip's side apart and 0.314 below its top, the identity crop 0.314 apart and 0.461."""

MEAN_OF = 2000
"""Training faces over which the teacher's mean is taken."""

MEAN_SHARE = 0.5
"""How much of that mean is taken off the teacher's vectors of length 1.

On 1,184 pairs of LFW (folds 0 and 1), seen through the recipe's 96 pixels, their cosines then have an area under the
ROC of 0.9992 and find 0.93 of the right people where a thousandth of the strangers is let in.  As they are it is 0.9993
and 0.94; with all of the mean taken off 0.9978 and 0.75: faces that say little lie near the mean, and what is left of
them points anywhere."""

_LEAST_LENGTH = 1e-6

Floats = NDArray[np.float32]


@dataclass(frozen=True)
class Window:
    """A square of a canvas ``canvas`` pixels wide."""

    left: int
    top: int
    side: int
    canvas: int

    @property
    def cropping(self) -> tuple[tuple[int, int], tuple[int, int]]:
        """What Keras' ``Cropping2D`` takes."""
        below, right = self.canvas - self.top - self.side, self.canvas - self.left - self.side
        return (self.top, below), (self.left, right)


def crop_window(recipe: IdentityRecipe) -> Window:
    """Where the student's crop lies in a training canvas."""
    table = recipe.input
    return Window(recipe.margin, recipe.margin, table.size, table.train_size)


def chip_window(recipe: IdentityRecipe) -> Window:
    """Where the teacher's chip lies in a training canvas.

    Raises:
        RecipeError: the canvas is too small for it.
    """
    table = recipe.input
    left, top, side = (round(share * table.size) for share in CHIP)
    window = Window(recipe.margin + left, recipe.margin + top, side, table.train_size)
    beyond = window.top + side - table.train_size
    if beyond > 0:
        raise RecipeError(
            f"input.train_size: the teacher sees more of a face than the crop of {table.size} pixels, so that training "
            f"pictures must be {table.train_size + 2 * beyond} pixels wide at least, received {table.train_size}"
        )
    return window


def teacher_of(network: keras.Model, recipe: IdentityRecipe) -> keras.Model:
    """Dlib's ``network`` for training canvases as the recipe's network takes them."""
    table = recipe.input
    canvas = keras.Input((table.train_size, table.train_size, 3), name="canvas")
    chip = layers.Cropping2D(chip_window(recipe).cropping)(canvas)
    pixels = layers.Rescaling(1 / table.scale, offset=table.mean)(layers.Resizing(CHIP_PX, CHIP_PX)(chip))
    teacher = keras.Model(canvas, network(pixels, training=False), name="teacher")
    teacher.trainable = False
    return teacher


@keras.saving.register_keras_serializable("vigil")
class Lesson(layers.Layer):
    """Hands embeddings ``(n, d)`` on, and adds ``weight`` × (1 - their cosine to the teacher's) to the loss.

    The cosine's mean over an epoch is the metric ``closeness``.  Called with embeddings and the teacher's ``(n, 128)``;
    ``mean`` ``(128,)`` is that of its answers, each of length 1.
    """

    def __init__(self, mean: Floats, weight: float, **kwargs: Any) -> None:
        super().__init__(**{"dtype": "float32", **kwargs})
        self._offset, self._weight = MEAN_SHARE * mean, weight
        self._closeness = keras.metrics.Mean(name="closeness")

    def build(self, input_shapes: list[tuple[int | None, ...]]) -> None:
        """Make the rotation ``(128, d)``."""
        dimensions = input_shapes[0][-1]
        least = len(self._offset)
        if dimensions is None or dimensions < least:
            raise RecipeError(f"network.dimensions: must be {least} at least to learn from this teacher")
        self._turn = ops.convert_to_tensor(rotation(least, dimensions))
        self._offset = ops.convert_to_tensor(self._offset)

    def call(self, inputs: list[Any]) -> Any:
        """The embeddings."""
        embeddings, taught = inputs
        wanted = ops.matmul(unit(unit(taught) - self._offset), self._turn)
        closeness = ops.sum(unit(embeddings) * wanted, axis=-1)
        self._closeness.update_state(closeness)
        self.add_loss(self._weight * ops.mean(1.0 - closeness))
        return embeddings

    def compute_output_shape(self, input_shapes: list[tuple[int | None, ...]]) -> tuple[int | None, ...]:
        """That of the embeddings."""
        return input_shapes[0]


def rotation(rows: int, columns: int) -> Floats:
    """``rows`` orthonormal vectors ``(rows, columns)``, the same in every training."""
    noise = np.random.default_rng(0).standard_normal((columns, rows))
    return np.linalg.qr(noise)[0].T.astype(np.float32)


def unit(vectors: Any) -> Any:
    """``vectors`` ``(n, d)`` of length 1; zeros stay zeros."""
    squared = ops.sum(ops.square(vectors), axis=-1, keepdims=True)
    return vectors * ops.rsqrt(ops.maximum(squared, _LEAST_LENGTH**2))
