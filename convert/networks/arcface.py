"""The head that an embedder is trained with: cosines to one centre a person, and a loss with an angular margin.

Deng et al. (2019), *ArcFace*, equation 3: the logit of the true person is ``s · cos(θ + m)``, that of each other
``s · cos(θ)``, with ``m = 0.5`` and ``s = 64``.  Train ``keras.Sequential([embedder, CosineClassifier(people)])`` with
:class:`ArcFaceLoss`, and keep the embedder.
"""

from __future__ import annotations

import math
from typing import Any

import keras
from keras import ops

MARGIN = 0.5
"""Radians added to the angle to the true centre (Deng et al., section 3.1)."""

SCALE = 64.0
"""Length of the embedding that the softmax sees (Deng et al., section 3.1)."""

_LEAST_LENGTH = 1e-6
_LEAST_SINE_SQUARED = 1e-7
"""The slope of a square root has no end at 0; this bounds it where embedding and centre coincide."""


@keras.saving.register_keras_serializable("vigil")
class CosineClassifier(keras.layers.Layer):
    """Cosines ``(n, classes)`` float32 between embeddings ``(n, d)`` and one learned centre a class.

    It computes in float32 whatever the precision of training: near 1, bfloat16 tells apart cosines of 0.996 and 1
    only, which is an angle of 5°.
    """

    def __init__(self, classes: int, **kwargs: Any) -> None:
        super().__init__(**{"dtype": "float32", **kwargs})
        self.classes = classes

    def build(self, input_shape: tuple[int | None, ...]) -> None:
        """Make the centres ``(d, classes)``."""
        self.centres = self.add_weight(
            shape=(input_shape[-1], self.classes), initializer="glorot_normal", name="centres"
        )

    def call(self, embeddings: Any) -> Any:
        """The cosines, within [-1, 1] up to rounding."""
        return ops.matmul(_unit(embeddings, axis=1), _unit(self.centres, axis=0))

    def compute_output_shape(self, input_shape: tuple[int | None, ...]) -> tuple[int | None, ...]:
        """``(n, classes)``."""
        return (*input_shape[:-1], self.classes)

    def get_config(self) -> dict[str, Any]:
        """What the constructor takes."""
        return {**super().get_config(), "classes": self.classes}


@keras.saving.register_keras_serializable("vigil")
class ArcFaceLoss(keras.losses.Loss):
    """Cross-entropy of ``scale`` times the cosines, the true one's angle enlarged by ``margin``.

    ``y_true`` ``(n,)`` or ``(n, 1)`` holds the classes' numbers, ``y_pred`` ``(n, classes)`` float32 the cosines.
    A number below 0 is nobody's, and costs nothing.
    """

    def __init__(self, margin: float = MARGIN, scale: float = SCALE, name: str = "arcface_loss", **kwargs: Any) -> None:
        if not 0 <= margin < math.pi / 2:
            raise ValueError(f"margin must be from 0 to less than a right angle, in radians. Received: {margin}")
        if scale <= 0:
            raise ValueError(f"scale must be positive. Received: {scale}")
        super().__init__(name=name, **{"dtype": "float32", **kwargs})
        self.margin, self.scale = margin, scale

    def call(self, y_true: Any, y_pred: Any) -> Any:
        """The loss of each embedding ``(n,)``."""
        classes = ops.cast(ops.reshape(y_true, (-1,)), "int32")
        true = ops.one_hot(classes, ops.shape(y_pred)[-1], dtype=y_pred.dtype)
        cosines = ops.sum(true * y_pred, axis=-1)
        moved = add_angular_margin(cosines, self.margin) - cosines
        logits = self.scale * (y_pred + true * moved[:, None])
        somebody = ops.maximum(classes, 0)
        losses = keras.losses.sparse_categorical_crossentropy(somebody, logits, from_logits=True)
        return ops.where(classes < 0, 0.0, losses)

    def get_config(self) -> dict[str, Any]:
        """What the constructor takes."""
        return {**super().get_config(), "margin": self.margin, "scale": self.scale}


def add_angular_margin(cosines: Any, margin: float) -> Any:
    """``cos(θ + margin)`` for ``cosines`` = cos(θ), any shape, continued so that it never rises with θ.

    Beyond θ = π - margin the cosine of the sum would rise again and reward what is worst; there the margin is taken
    off as a constant, ``cos(θ) - margin · sin(margin)``, as the authors' code does.  Their other choice, the "easy
    margin", leaves out the margin from 90° on, where an untrained embedder's angles are: not taken.
    """
    cosines = ops.clip(cosines, -1.0, 1.0)
    sines = ops.sqrt(ops.maximum(1.0 - ops.square(cosines), _LEAST_SINE_SQUARED))
    enlarged = cosines * math.cos(margin) - sines * math.sin(margin)
    return ops.where(cosines > -math.cos(margin), enlarged, cosines - margin * math.sin(margin))


def _unit(vectors: Any, axis: int) -> Any:
    """``vectors`` of length 1 along ``axis``; zeros stay zeros."""
    squared = ops.sum(ops.square(vectors), axis=axis, keepdims=True)
    return vectors * ops.rsqrt(ops.maximum(squared, _LEAST_LENGTH**2))
