"""A single-shot detector without anchors: one fully convolutional network that finds hands of every size at once.

A residual backbone (He et al., 2015) halves the image from stride 4 to 32; its last three maps are brought together
at stride 8, the coarse ones doubled and added, as in feature pyramid networks (Lin et al., 2017).  Each cell of that
map says whether a hand's centre lies in it and how far off the hand's edges are (CenterNet, Zhou et al., 2019; TTFNet,
Liu et al., 2020).  All operations have int8 kernels in XNNPACK: convolutions with the ReLU fused, ADD, and
DEPTH_TO_SPACE for the doubling (:mod:`convert.quantize.enlarge`), so that one file serves images of any size.

Input ``(N, height, width, 3)`` float RGB, normalised as ``(pixel - 127.5) / 128``, sides multiples of 32.  Outputs by
name, ``(N, height / 8, width / 8, channels)``: ``heat`` one logit, ``box`` the logarithms of the distances from the
cell's centre to the left, top, right and bottom edge, in cells.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import keras
import numpy as np
from keras import layers

from convert.networks.presets import Stage
from convert.networks.resnet import basic_block, conv_norm
from edge.vision.heatmap import GRID_PX, HEADS

PRIOR = 0.01
"""Probability of a centre in a cell before training: without it the many empty cells drown the few others (Lin et al.,
2017, *Focal Loss for Dense Object Detection*, section 3.3)."""

PRIOR_DISTANCE = 3.0
"""Distance of an edge, in cells, before training."""


STEM_PX = 4
"""Stride of the first convolution, which looks at two by two squares of that side, its own first.

Whole squares fill a processor's vectors (:mod:`convert.quantize.stem`)."""


@dataclass(frozen=True)
class DetectorSize:
    """Channels of the ``stem`` at stride 4, and of each stage at stride 8, 16 and 32 with its number of blocks."""

    stem: int = 32
    widths: tuple[int, int, int] = (48, 80, 128)
    blocks: tuple[int, int, int] = (1, 1, 2)


def build_detector(
    height: int | None = None, width: int | None = None, size: DetectorSize | None = None
) -> keras.Model:
    """The detector for images of a fixed size, or of any whose sides are multiples of 32.

    Raises:
        ValueError: a side is no multiple of 32.
    """
    for side in (height, width):
        if side is not None and side % GRID_PX:
            raise ValueError(f"a side of the detector's input must be a multiple of {GRID_PX}, received {side}")
    size = size or DetectorSize()
    image = keras.Input((height, width, 3), name="image")
    x = layers.ZeroPadding2D(((0, STEM_PX), (0, STEM_PX)), name="stem_pad")(image)
    x = layers.ReLU(name="stem_relu")(conv_norm(x, size.stem, 2 * STEM_PX, STEM_PX, "stem", "valid"))
    maps = []
    for stage, (channels, blocks) in enumerate(zip(size.widths, size.blocks, strict=True), 1):
        for block in range(blocks):
            x = basic_block(x, Stage(channels, blocks, 2), 2 if block == 0 else 1, f"stage{stage}_block{block + 1}")
        maps.append(x)
    x = _merged(maps)
    x = layers.ReLU(name="head_relu")(conv_norm(x, size.widths[0], 3, 1, "head"))
    heads = {
        name: layers.Conv2D(
            channels,
            1,
            bias_initializer=keras.initializers.Constant(_PRIORS[name]),
            kernel_initializer=keras.initializers.RandomNormal(stddev=0.01),
            name=name,
            dtype="float32",
        )(x)
        for name, channels in HEADS.items()
    }
    return keras.Model(image, heads, name="detector")


_PRIORS = {"heat": float(np.log(PRIOR / (1 - PRIOR))), "box": float(np.log(PRIOR_DISTANCE))}


def _merged(maps: list[Any]) -> Any:
    """The finest of ``maps``, fine to coarse, each half as large as the one before, with all coarser ones added."""
    merged = maps[-1]
    for level in reversed(range(len(maps) - 1)):
        finer = maps[level]
        merged = conv_norm(merged, finer.shape[-1], 1, 1, f"up{level + 1}")
        merged = layers.UpSampling2D(2, interpolation="nearest", name=f"up{level + 1}_double")(merged)
        merged = layers.Add(name=f"up{level + 1}_add")([finer, merged])
        merged = layers.ReLU(name=f"up{level + 1}_relu")(merged)
    return merged
