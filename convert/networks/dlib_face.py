"""dlib's face network (King, 2017, ``dlib_face_recognition_resnet_model_v1.dat``, public domain) as a Keras network.

It is a teacher for our small embedder: a workstation needs it, a device never does.  dlib runs it at some 75 ms a face
on a core; in Keras it takes a few, and runs on the training's own backend beside the student.

The layers are those of ``anet_type`` in dlib's ``dnn_face_recognition_ex.cpp``; a residual network of 29
convolutions with three departures from the usual: a stride of 2 comes without padding, a shortcut that strides is an
average over 2×2 pixels whose missing channels are zeros, and maps of unequal size are added from their top left.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import keras
import numpy as np
from keras import layers, ops
from numpy.typing import NDArray

from edge.errors import InputError

CHIP_PX = 150
"""Side of the RGB picture of a face that it takes."""

DIMENSIONS = 128
SAME_PERSON = 0.6
"""Two faces are of one person if their embeddings are nearer than this (dlib's own threshold)."""

_AVERAGE_RGB = (122.782, 117.001, 104.298)
_SCALE = 1 / 256

_LEVELS = ((32, 3, False), (64, 4, True), (128, 3, True), (256, 3, True), (256, 1, True))
"""Width, blocks, and whether the first block strides."""

_STEM = (32, 3, 7)

Floats = NDArray[np.float32]


def build_dlib_face() -> keras.Model:
    """A network from RGB chips ``(n, 150, 150, 3)``, 0 to 255, to ``(n, 128)`` float32, without dlib's weights.

    Each affine layer is part of the convolution before it.
    """
    inputs = keras.Input((CHIP_PX, CHIP_PX, 3), name="chip")
    x = (inputs - np.array(_AVERAGE_RGB, np.float32)) * _SCALE
    x = layers.Conv2D(32, 7, 2, name="stem")(x)
    x = layers.MaxPooling2D(3, 2)(layers.ReLU()(x))
    for level, (width, blocks, strides) in enumerate(_LEVELS):
        for block in range(blocks):
            x = _block(x, width, 2 if strides and block == 0 else 1, f"level{level}_block{block}")
    x = layers.GlobalAveragePooling2D()(x)
    outputs = layers.Dense(DIMENSIONS, use_bias=False, dtype="float32", name="embedding")(x)
    return keras.Model(inputs, outputs, name="dlib_face")


def load_dlib_face(file: Path) -> keras.Model:
    """Dlib's network with the weights in ``file``, not to be trained.

    Raises:
        InputError: the file can't be read, or is something else.
    """
    network = build_dlib_face()
    network.set_weights(read_weights(file))
    network.trainable = False
    return network


def read_weights(file: Path) -> list[Floats]:
    """The weights in ``file``, as ``Model.set_weights`` takes them.

    Raises:
        InputError: the file can't be read, or is something else.
    """
    try:
        data = file.read_bytes()
    except OSError as error:
        raise InputError(
            f"{file}: can't read the teacher ({error.strerror}); it is "
            "models/dlib_face_recognition_resnet_model_v1.dat in the package face_recognition_models"
        ) from error
    tensors = _Tensors(file, data)
    weights: list[Floats] = []
    for width, channels, side in _convolutions():
        kernel, bias = np.split(tensors.next(width * channels * side**2 + width), [-width])
        gain, shift = np.split(tensors.next(2 * width), 2)
        kernels = kernel.reshape(width, channels, side, side) * gain[:, None, None, None]
        weights += [kernels.transpose(2, 3, 1, 0), bias * gain + shift]
    return [*weights, tensors.next(_LEVELS[-1][0], DIMENSIONS).reshape(_LEVELS[-1][0], DIMENSIONS)]


class _Tensors:
    """The tensors in a file that dlib wrote, found by their sizes one after the other."""

    def __init__(self, file: Path, data: bytes) -> None:
        self._file, self._data, self._position = file, data, 0

    def next(self, samples: int, channels: int = 1) -> Floats:
        """The numbers ``(samples × channels,)`` of the next tensor of this size.

        dlib writes the form's version, 2, then samples, channels, rows and columns, then float32, little end first.
        """
        header = b"".join(map(_packed, (2, samples, channels, 1, 1)))
        start = self._data.find(header, self._position) + len(header)
        self._position = start + 4 * samples * channels
        if start < len(header) or self._position > len(self._data):
            raise InputError(
                f"{self._file}: expected dlib's face network, received something else or a part of it; take "
                "models/dlib_face_recognition_resnet_model_v1.dat of the package face_recognition_models"
            )
        return np.frombuffer(self._data, "<f4", samples * channels, start).astype(np.float32)


def _packed(number: int) -> bytes:
    """A whole number above 0 as dlib writes it: how many bytes it has, and these, lowest first."""
    length = (number.bit_length() + 7) // 8
    return bytes([length]) + number.to_bytes(length, "little")


def _convolutions() -> Iterator[tuple[int, int, int]]:
    """Width, channels and side of each convolution, from the input on."""
    yield _STEM
    channels = _STEM[0]
    for width, blocks, _ in _LEVELS:
        for _ in range(blocks):
            yield width, channels, 3
            yield width, width, 3
            channels = width


def _block(x: Any, width: int, stride: int, name: str) -> Any:
    y = layers.Conv2D(width, 3, stride, "same" if stride == 1 else "valid", name=f"{name}_conv1")(x)
    y = layers.Conv2D(width, 3, padding="same", name=f"{name}_conv2")(layers.ReLU()(y))
    shortcut = x if stride == 1 else layers.AveragePooling2D(2)(x)
    side, channels = max(y.shape[1], shortcut.shape[1]), max(y.shape[3], shortcut.shape[3])
    return layers.ReLU()(_widened(y, side, channels) + _widened(shortcut, side, channels))


def _widened(x: Any, side: int, channels: int) -> Any:
    """``x`` with zeros below, to the right and behind, as dlib adds maps of unequal size."""
    missing = side - x.shape[1]
    if not missing and x.shape[3] == channels:
        return x
    return ops.pad(x, ((0, 0), (0, missing), (0, missing), (0, channels - x.shape[3])))
