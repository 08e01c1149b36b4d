"""Residual networks as data: what :func:`convert.networks.resnet.build_resnet` builds, by name.

Keras is not imported here, so that a recipe can be checked without it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal, NamedTuple

BlockName = Literal["basic", "bottleneck"]
Pooling = Literal["flatten", "depthwise"]
"""What an embedder makes of its last map: see :func:`convert.networks.embedder.build_embedder`."""


class Stem(NamedTuple):
    """The first convolution: ``width`` channels, a window of ``kernel`` pixels; then a 3×3 maximum at stride 2."""

    width: int
    kernel: int = 3
    stride: int = 1
    pool: bool = False


class Stage(NamedTuple):
    """``blocks`` residual blocks of ``width`` channels (a bottleneck gives four times as many); the first strides.

    ``inner``: channels between the two convolutions of a basic block, ``width`` of them if not given.
    """

    width: int
    blocks: int
    stride: int
    inner: int | None = None


@dataclass(frozen=True)
class Architecture:
    """Everything of a residual network but its input and its head."""

    stem: Stem
    stages: tuple[Stage, ...]
    block: BlockName = "basic"


def _imagenet(block: BlockName, *blocks: int) -> Architecture:
    """A network of He et al. (2015), table 1, by the number of blocks of its four stages."""
    widths, strides = (64, 128, 256, 512), (1, 2, 2, 2)
    stages = tuple(Stage(*stage) for stage in zip(widths, blocks, strides, strict=True))
    return Architecture(Stem(64, kernel=7, stride=2, pool=True), stages, block)


PRESETS: Mapping[str, Architecture] = MappingProxyType(
    {
        "eye_state": Architecture(Stem(16), (Stage(24, 2, 2), Stage(32, 1, 2), Stage(64, 1, 2))),
        "edge": Architecture(Stem(24), (Stage(32, 2, 2), Stage(64, 2, 2), Stage(128, 2, 2))),
        "edge_strided": Architecture(Stem(24, stride=2), (Stage(32, 2, 2), Stage(64, 2, 2), Stage(128, 2, 2))),
        "resnet18": _imagenet("basic", 2, 2, 2, 2),
        "resnet34": _imagenet("basic", 3, 4, 6, 3),
        "resnet50": _imagenet("bottleneck", 3, 4, 6, 3),
        "resnet101": _imagenet("bottleneck", 3, 4, 23, 3),
        "resnet152": _imagenet("bottleneck", 3, 8, 36, 3),
    }
)
"""``eye_state`` is for eyes of 24 pixels, ``edge`` for faces of 48, ``edge_strided`` for hands of 64 and faces of 112
(its stem halves them); the others are those of He et al., made for pictures of 224 pixels."""
