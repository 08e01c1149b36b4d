"""Doubling a map's height and width so that the file works for any input size."""

from __future__ import annotations

from typing import Any

import keras
from keras import layers, ops


class NearestDoubling(keras.layers.Layer):
    """What ``UpSampling2D(2)`` to the nearest position computes, on maps ``(n, height, width, channels)``.

    The converter makes of that layer a RESIZE_NEAREST_NEIGHBOR, which holds the size of its output as a constant and
    has no int8 kernel in XNNPACK.  Here every channel is copied four times, and DEPTH_TO_SPACE spreads the copies over
    the four positions: it follows the input's size, and XNNPACK runs it.
    """

    def call(self, x: Any) -> Any:
        if keras.backend.backend() != "tensorflow":
            return ops.repeat(ops.repeat(x, 2, axis=1), 2, axis=2)
        import tensorflow as tf

        return tf.nn.depth_to_space(tf.concat([x] * 4, axis=-1), 2)

    def compute_output_shape(self, input_shape: tuple[int | None, ...]) -> tuple[int | None, ...]:
        n, height, width, channels = input_shape
        return (n, height and 2 * height, width and 2 * width, channels)


def is_nearest_doubling(layer: keras.Layer) -> bool:
    """Whether :class:`NearestDoubling` computes what ``layer`` does."""
    return isinstance(layer, layers.UpSampling2D) and layer.interpolation == "nearest" and tuple(layer.size) == (2, 2)
