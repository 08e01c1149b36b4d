"""The embedder: a face crop as a point on a sphere, near those of the same person.

Deng et al. (2019), *ArcFace: Additive Angular Margin Loss for Deep Face Recognition*, CVPR: 112×112 pixels, 512
dimensions, and their output layers "E": BatchNorm, Dropout, Dense, BatchNorm (section 3.1).
"""

from __future__ import annotations

from typing import Any

import keras
from keras import layers

from convert.networks.presets import Architecture, Pooling
from convert.networks.resnet import BATCH_NORM_MOMENTUM, residual_features

EMBEDDER_NAME = "identity"
EMBEDDING_SIZE = 512
CROP_PX = 112
DROPOUT = 0.4


def build_embedder(
    architecture: Architecture,
    *,
    name: str = EMBEDDER_NAME,
    size: int = CROP_PX,
    channels: int = 3,
    dimensions: int = EMBEDDING_SIZE,
    dropout: float = DROPOUT,
    pooling: Pooling = "flatten",
) -> keras.Model:
    """A network from ``(n, size, size, channels)`` float32 to ``embedding`` ``(n, dimensions)`` float32.

    The embedding is not of length 1: int8 keeps more of it so, and a cosine divides by the lengths anyway.
    ``pooling``: the last map is flattened, as ArcFace's, or each of its channels summed up by a learned map of weights
    (Chen et al., 2018, *MobileFaceNets*, section 3.2), which takes a small part of the parameters.
    """
    inputs = keras.Input((size, size, channels), name="input")
    x = residual_features(inputs, architecture)
    if pooling == "depthwise":
        x = _weighted_sums(x)
    x = layers.BatchNormalization(momentum=BATCH_NORM_MOMENTUM, name="features_norm")(x)
    x = layers.Dropout(dropout, name="dropout")(x)
    x = layers.Flatten(name="flatten")(x)
    x = layers.Dense(dimensions, use_bias=False, name="dense")(x)
    # A scale for each dimension would be one more weight of the dense layer: only the shift stays.
    embedding = layers.BatchNormalization(momentum=BATCH_NORM_MOMENTUM, scale=False, dtype="float32", name="embedding")(
        x
    )
    return keras.Model(inputs, embedding, name=name)


def _weighted_sums(x: Any) -> Any:
    """One number a channel, ``(n, 1, 1, channels)``."""
    return layers.DepthwiseConv2D(
        x.shape[1:3], depthwise_initializer="glorot_uniform", use_bias=False, name="weighted_sums"
    )(x)
