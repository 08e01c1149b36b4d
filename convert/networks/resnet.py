"""A small residual network for classifying crops (He et al., *Deep Residual Learning*, 2015).

Every operation has an int8 XNNPACK kernel: convolution with the ReLU fused, ADD, MEAN instead of average pooling,
and logits instead of a softmax.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import keras
from keras import layers

BATCH_NORM_MOMENTUM = 0.9


class Stage(NamedTuple):
    """``blocks`` residual blocks of ``width`` channels; the first one strides by ``stride``."""

    width: int
    blocks: int
    stride: int


def build_resnet(
    *,
    name: str,
    size: int | None,
    channels: int,
    classes: int,
    stem_width: int,
    stem_stride: int,
    stages: Sequence[Stage],
    dropout: float,
) -> keras.Model:
    """A network from ``(n, size, size, channels)`` float32 to ``logits`` ``(n, classes)``.

    With ``size=None`` any height and width are taken: the weights are the same for all of them.
    """
    inputs = keras.Input((size, size, channels), name="input")
    x = _conv_norm(inputs, stem_width, 3, stem_stride, "stem")
    x = layers.ReLU(name="stem_relu")(x)
    for number, stage in enumerate(stages, 1):
        for block in range(stage.blocks):
            stride = stage.stride if block == 0 else 1
            x = residual_block(x, stage.width, stride, f"stage{number}_block{block + 1}")
    x = layers.GlobalAveragePooling2D(name="mean")(x)
    x = layers.Dropout(dropout, name="dropout")(x)
    logits = layers.Dense(classes, name="logits", dtype="float32")(x)
    return keras.Model(inputs, logits, name=name)


def residual_block(x: Any, width: int, stride: int, name: str) -> Any:
    """``y = ReLU(F(x) + x)``; a 1×1 convolution on the shortcut where channels or stride change."""
    shortcut = x
    if stride != 1 or x.shape[-1] != width:
        shortcut = _conv_norm(x, width, 1, stride, f"{name}_shortcut")
    y = _conv_norm(x, width, 3, stride, f"{name}_conv1")
    y = layers.ReLU(name=f"{name}_relu1")(y)
    y = _conv_norm(y, width, 3, 1, f"{name}_conv2")
    y = layers.Add(name=f"{name}_add")([y, shortcut])
    return layers.ReLU(name=f"{name}_relu2")(y)


def _conv_norm(x: Any, width: int, kernel: int, stride: int, name: str) -> Any:
    x = layers.Conv2D(
        width, kernel, stride, padding="same", use_bias=False, kernel_initializer="he_normal", name=f"{name}_conv"
    )(x)
    return layers.BatchNormalization(momentum=BATCH_NORM_MOMENTUM, name=f"{name}_norm")(x)
