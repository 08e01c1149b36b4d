"""The first convolution of a cascade's network, in a form that fills a processor's vectors.

XNNPACK's int8 kernels take the input channels of a position in groups of eight (of four where the processor has dot
products): of RGB's three the rest is multiplied by zeros.  Several pixels taken as one position with all their
channels fill the groups; the convolution then gives its answers for as many positions at once.  Weights are repeated,
with zeros where a position doesn't look, so that every answer is the same, bit for bit.  A convolution whose stride is
half of its size sees whole squares already: its weights are only put into another order.
"""

from __future__ import annotations

from math import isqrt
from typing import Any

import numpy as np
from numpy.typing import NDArray
from tensorflow.lite.python import schema_py_generated as schema

from convert.quantize.tflite_file import TfliteFile

KERNEL = 3

BLOCK = 2
"""Pixels a side that are taken as one position."""

FEW_CHANNELS = 4
"""Up to so many channels of an image leave at least half of a group empty."""


def fill_stem(model: bytes) -> bytes:
    """``model`` with a filled first convolution, if that is one of those below; else as it is.

    Either a 3×3 one over the whole of an image and no more: in int8, valid, of stride 1, without an activation, on a
    few channels and even sides.  A network whose outputs are maps then takes images of even sides only.  Or one of any
    even size whose stride is half of it, after a PAD by that stride right and below: it looks at whole squares.
    """
    file = TfliteFile(model)
    if _strides_by_squares(file):
        _take_strides(file)
        return bytes(file)
    if not _fits(file):
        return model
    if all(len(file.tensor(index).shape) == 4 for index in file.graph.outputs):
        _take_squares(file)
    else:
        _take_pairs(file)
    return bytes(file)


def _fits(file: TfliteFile) -> bool:
    first = file.operations[0]
    if file.kind(first) != schema.BuiltinOperator.CONV_2D or list(first.inputs[:1]) != list(file.graph.inputs):
        return False
    image, kernel = (file.tensor(index) for index in first.inputs[:2])
    options = first.builtinOptions
    plain = (
        options.padding == schema.Padding.VALID
        and (options.strideH, options.strideW, options.dilationHFactor, options.dilationWFactor) == (1, 1, 1, 1)
        and options.fusedActivationFunction == schema.ActivationFunctionType.NONE
    )
    _, height, width, channels = image.shape
    return bool(
        plain
        and image.type == schema.TensorType.INT8
        and tuple(kernel.shape[1:3]) == (KERNEL, KERNEL)
        and channels <= FEW_CHANNELS
        and height % BLOCK == width % BLOCK == 0
    )


def _strides_by_squares(file: TfliteFile) -> bool:
    """Whether the file begins with the second kind of :func:`fill_stem`."""
    if len(file.operations) < 2:
        return False
    pad, first = file.operations[:2]
    kinds = schema.BuiltinOperator.PAD, schema.BuiltinOperator.CONV_2D
    if (file.kind(pad), file.kind(first)) != kinds or list(pad.inputs[:1]) != list(file.graph.inputs):
        return False
    if list(first.inputs[:1]) != list(pad.outputs):
        return False
    image, kernel = file.tensor(pad.inputs[0]), file.tensor(first.inputs[1])
    options, stride = first.builtinOptions, first.builtinOptions.strideH
    padded = file.constant(pad.inputs[1], np.int32).tolist()
    return bool(
        image.type == schema.TensorType.INT8
        and image.shape[-1] <= FEW_CHANNELS
        and options.padding == schema.Padding.VALID
        and (options.strideW, options.dilationHFactor, options.dilationWFactor) == (stride, 1, 1)
        and tuple(kernel.shape[1:3]) == (2 * stride, 2 * stride)
        and image.shape[1] % stride == image.shape[2] % stride == 0
        and padded == [[0, 0], [0, stride], [0, stride], [0, 0]]
    )


def _take_strides(file: TfliteFile) -> None:
    """A square of the stride as one position, of which a 2×2 convolution sees its own and the next ones.

    What PAD put around the image is the convolution's own padding then, which copies nothing.
    """
    pad, first = file.operations[:2]
    image, weights = pad.inputs[0], first.inputs[1]
    stride = first.builtinOptions.strideH
    n, height, width, channels = file.tensor(image).shape
    taken = file.add_activation(
        image, [n, height // stride, width // stride, channels * stride**2], "squares_of_pixels"
    )
    kernel = stride_kernel(file.constant(weights, np.int8), stride)
    file.set_constant(weights, kernel, file.tensor(weights).quantization.scale)
    first.inputs = [taken, *first.inputs[1:]]
    first.builtinOptions.padding = schema.Padding.SAME
    first.builtinOptions.strideH = first.builtinOptions.strideW = 1
    file.operations[:1] = [file.operation("SPACE_TO_DEPTH", [image], taken, blockSize=stride)]


def _take_pairs(file: TfliteFile) -> None:
    """Two neighbours of a row as one: to the memory it is the same image, so that nothing is moved.

    A RESHAPE holds the sizes of its output but one, here the number of images: for networks of one size of image.
    """
    first = file.operations[0]
    image, kernel, _ = first.inputs
    (answers,) = first.outputs
    pairs = _halved(file.tensor(image).shape)
    paired_answers = _halved(file.tensor(answers).shape)
    taken = file.add_activation(image, pairs, "pairs_of_pixels")
    given = file.add_activation(answers, paired_answers, "pairs_of_answers")
    _repeat(file, pair_kernel(file.constant(kernel, np.int8)), BLOCK)
    first.inputs, first.outputs = [taken, *first.inputs[1:]], [given]
    file.operations[:1] = [
        _reshape(file, image, taken, pairs),
        first,
        _reshape(file, given, answers, file.tensor(answers).shape),
    ]


def _take_squares(file: TfliteFile) -> None:
    """Four neighbours, two by two, as one; SPACE_TO_DEPTH and its inverse follow any size of image."""
    first = file.operations[0]
    image, kernel, _ = first.inputs
    (answers,) = first.outputs
    taken = file.add_activation(image, _quartered(file.tensor(image).shape), "squares_of_pixels")
    given = file.add_activation(answers, _quartered(file.tensor(answers).shape), "squares_of_answers")
    _repeat(file, square_kernel(file.constant(kernel, np.int8)), BLOCK * BLOCK)
    first.inputs, first.outputs = [taken, *first.inputs[1:]], [given]
    file.operations[:1] = [
        file.operation("SPACE_TO_DEPTH", [image], taken, blockSize=BLOCK),
        first,
        file.operation("DEPTH_TO_SPACE", [given], answers, blockSize=BLOCK),
    ]


def pair_kernel(kernel: NDArray[np.int8]) -> NDArray[np.int8]:
    """``(n, 3, 3, c)`` → ``(2 n, 3, 2, 2 c)``: answers for the left position of a pair, then for the right one."""
    n, height, _, channels = kernel.shape
    wide = np.zeros((BLOCK, n, height, 2 * BLOCK, channels), np.int8)
    for column in range(BLOCK):
        wide[column, :, :, column : column + KERNEL] = kernel
    return wide.reshape(BLOCK * n, height, 2, BLOCK * channels)


def square_kernel(kernel: NDArray[np.int8]) -> NDArray[np.int8]:
    """``(n, 3, 3, c)`` → ``(4 n, 2, 2, 4 c)``: answers for each position of a square, row by row.

    The channels of a square are ordered as SPACE_TO_DEPTH gives them: row, column, channel.
    """
    n, _, _, channels = kernel.shape
    wide = np.zeros((BLOCK, BLOCK, n, 2 * BLOCK, 2 * BLOCK, channels), np.int8)
    for row in range(BLOCK):
        for column in range(BLOCK):
            wide[row, column, :, row : row + KERNEL, column : column + KERNEL] = kernel
    split = wide.reshape(BLOCK * BLOCK * n, 2, BLOCK, 2, BLOCK, channels)
    return split.transpose(0, 1, 3, 2, 4, 5).reshape(BLOCK * BLOCK * n, 2, 2, BLOCK * BLOCK * channels)


def stride_kernel(kernel: NDArray[Any], stride: int) -> NDArray[Any]:
    """``(n, 2 stride, 2 stride, c)`` → ``(n, 2, 2, stride² c)``, in the order that SPACE_TO_DEPTH gives a square's."""
    n, _, _, channels = kernel.shape
    split = kernel.reshape(n, 2, stride, 2, stride, channels).transpose(0, 1, 3, 2, 4, 5)
    return split.reshape(n, 2, 2, stride * stride * channels)


def single_stride_kernel(kernel: NDArray[Any], channels: int) -> NDArray[Any]:
    """The kernel ``(n, 2 stride, 2 stride, channels)`` of which :func:`stride_kernel` made ``kernel``.

    One for as many channels as its own is given back as it is.
    """
    if kernel.shape[-1] == channels:
        return kernel
    n, stride = len(kernel), isqrt(kernel.shape[-1] // channels)
    split = kernel.reshape(n, 2, 2, stride, stride, channels).transpose(0, 1, 3, 2, 4, 5)
    return split.reshape(n, 2 * stride, 2 * stride, channels)


def single_kernel(kernel: NDArray[Any], channels: int) -> NDArray[Any]:
    """The kernel ``(n, 3, 3, channels)`` of which :func:`pair_kernel` or :func:`square_kernel` made ``kernel``.

    One for as many channels as its own is given back as it is.
    """
    together = kernel.shape[-1] // channels
    if together == 1:
        return kernel
    first = kernel[: len(kernel) // together]
    if together == BLOCK:
        return first.reshape(len(first), KERNEL, 2 * BLOCK, channels)[:, :, :KERNEL]
    split = first.reshape(len(first), 2, 2, BLOCK, BLOCK, channels).transpose(0, 1, 3, 2, 4, 5)
    return split.reshape(len(first), 2 * BLOCK, 2 * BLOCK, channels)[:, :KERNEL, :KERNEL]


def _repeat(file: TfliteFile, kernel: NDArray[np.int8], times: int) -> None:
    """Give the first convolution this ``kernel``, whose channels are ``times`` those of before, and biases alike."""
    _, weights, bias = file.operations[0].inputs
    for index, values in ((weights, kernel), (bias, np.tile(file.constant(bias, np.int32), times))):
        file.set_constant(index, values, np.tile(file.tensor(index).quantization.scale, times))


def _halved(shape: list[int]) -> list[int]:
    n, height, width, channels = shape
    return [n, height, width // BLOCK, channels * BLOCK]


def _quartered(shape: list[int]) -> list[int]:
    n, height, width, channels = shape
    return [n, height // BLOCK, width // BLOCK, channels * BLOCK * BLOCK]


def _reshape(file: TfliteFile, source: int, target: int, shape: list[int]) -> object:
    sides = [-1, *shape[1:]]  # a -1 follows the number of images
    return file.operation("RESHAPE", [source, file.add_shape(sides, "shape")], target, newShape=sides)
