"""Residual networks (He et al., 2015, *Deep Residual Learning for Image Recognition*).

Every operation has an int8 XNNPACK kernel: convolution with the ReLU fused, ADD, MEAN instead of average pooling,
and logits instead of a softmax.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

import keras
from keras import layers

from convert.networks.presets import Architecture, Stage

BATCH_NORM_MOMENTUM = 0.9

BOTTLENECK_EXPANSION = 4
"""Channels that a bottleneck gives, in channels of its 3×3 convolution (He et al., figure 5)."""


def build_resnet(
    architecture: Architecture, *, name: str, size: int | None, channels: int, classes: int, dropout: float = 0.0
) -> keras.Model:
    """A classifier from ``(n, size, size, channels)`` float32 to ``logits`` ``(n, classes)`` float32.

    With ``size=None`` any height and width are taken: the weights are the same for all of them.
    """
    inputs = keras.Input((size, size, channels), name="input")
    x = residual_features(inputs, architecture)
    x = layers.GlobalAveragePooling2D(name="mean")(x)
    x = layers.Dropout(dropout, name="dropout")(x)
    logits = layers.Dense(classes, name="logits", dtype="float32")(x)
    return keras.Model(inputs, logits, name=name)


def residual_features(x: Any, architecture: Architecture) -> Any:
    """The last feature map ``(n, height, width, channels)`` of images ``x``."""
    stem = architecture.stem
    x = conv_norm(x, stem.width, stem.kernel, stem.stride, "stem")
    x = layers.ReLU(name="stem_relu")(x)
    if stem.pool:
        x = layers.MaxPooling2D(3, 2, "same", name="stem_pool")(x)
    residual_block = BLOCKS[architecture.block]
    for number, stage in enumerate(architecture.stages, 1):
        for block in range(stage.blocks):
            stride = stage.stride if block == 0 else 1
            x = residual_block(x, stage, stride, f"stage{number}_block{block + 1}")
    return x


def basic_block(x: Any, stage: Stage, stride: int, name: str) -> Any:
    """``y = ReLU(F(x) + x)`` with two 3×3 convolutions as F."""
    shortcut = _shortcut(x, stage.width, stride, name)
    y = conv_norm(x, stage.inner or stage.width, 3, stride, f"{name}_conv1")
    y = layers.ReLU(name=f"{name}_relu1")(y)
    y = conv_norm(y, stage.width, 3, 1, f"{name}_conv2")
    y = layers.Add(name=f"{name}_add")([y, shortcut])
    return layers.ReLU(name=f"{name}_relu2")(y)


def bottleneck_block(x: Any, stage: Stage, stride: int, name: str) -> Any:
    """``y = ReLU(F(x) + x)`` where F narrows to the stage's width of channels, looks at 3×3 of them, and widens again.

    The 3×3 convolution strides, not the first 1×1, which would drop three quarters of its input unseen (Goyal et al.,
    2017, *Accurate, Large Minibatch SGD*, section 5.1, as in torchvision); the parameters are the same.
    """
    width = stage.width
    shortcut = _shortcut(x, BOTTLENECK_EXPANSION * width, stride, name)
    y = conv_norm(x, width, 1, 1, f"{name}_conv1")
    y = layers.ReLU(name=f"{name}_relu1")(y)
    y = conv_norm(y, width, 3, stride, f"{name}_conv2")
    y = layers.ReLU(name=f"{name}_relu2")(y)
    y = conv_norm(y, BOTTLENECK_EXPANSION * width, 1, 1, f"{name}_conv3")
    y = layers.Add(name=f"{name}_add")([y, shortcut])
    return layers.ReLU(name=f"{name}_relu3")(y)


BLOCKS: Mapping[str, Callable[[Any, Stage, int, str], Any]] = MappingProxyType(
    {"basic": basic_block, "bottleneck": bottleneck_block}
)


def _shortcut(x: Any, channels: int, stride: int, name: str) -> Any:
    """``x`` itself, or a 1×1 convolution of it where channels or stride change."""
    if stride == 1 and x.shape[-1] == channels:
        return x
    return conv_norm(x, channels, 1, stride, f"{name}_shortcut")


def conv_norm(x: Any, width: int, kernel: int, stride: int, name: str, padding: str = "same") -> Any:
    """A convolution without bias and the normalization that gives it one; no activation."""
    x = layers.Conv2D(
        width, kernel, stride, padding=padding, use_bias=False, kernel_initializer="he_normal", name=f"{name}_conv"
    )(x)
    return layers.BatchNormalization(momentum=BATCH_NORM_MOMENTUM, name=f"{name}_norm")(x)
