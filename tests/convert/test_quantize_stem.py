"""A 3×3 kernel rearranged so that it sees several pixels as one."""

import numpy as np
import pytest
from numpy.typing import NDArray

pytest.importorskip("tensorflow", reason="the convert extra is not installed")

from convert.quantize.stem import pair_kernel, single_kernel, single_stride_kernel, square_kernel, stride_kernel


def convolve(image: NDArray[np.int64], kernel: NDArray[np.int8]) -> NDArray[np.int64]:
    """Valid, stride 1: ``(h, w, c)`` by ``(n, kh, kw, c)``, by definition."""
    n, high, wide, _ = kernel.shape
    rows, columns = image.shape[0] - high + 1, image.shape[1] - wide + 1
    answers = np.zeros((rows, columns, n), np.int64)
    for row, column in np.ndindex(rows, columns):
        window = image[row : row + high, column : column + wide]
        answers[row, column] = (window[None] * kernel).sum(axis=(1, 2, 3))
    return answers


@pytest.fixture
def image() -> NDArray[np.int64]:
    return np.random.default_rng(0).integers(-128, 128, (8, 10, 3))


@pytest.fixture
def kernel() -> NDArray[np.int8]:
    return np.random.default_rng(1).integers(-127, 128, (5, 3, 3, 3), np.int8)


def test_pairs_give_what_single_pixels_give(image: NDArray[np.int64], kernel: NDArray[np.int8]) -> None:
    answers = convolve(image.reshape(8, 5, 6), pair_kernel(kernel))
    np.testing.assert_array_equal(answers.reshape(6, 8, 5), convolve(image, kernel))


def test_squares_give_what_single_pixels_give(image: NDArray[np.int64], kernel: NDArray[np.int8]) -> None:
    squares = image.reshape(4, 2, 5, 2, 3).transpose(0, 2, 1, 3, 4).reshape(4, 5, 12)
    answers = convolve(squares, square_kernel(kernel)).reshape(3, 4, 2, 2, 5)
    np.testing.assert_array_equal(answers.transpose(0, 2, 1, 3, 4).reshape(6, 8, 5), convolve(image, kernel))


def test_the_single_kernel_comes_back(kernel: NDArray[np.int8]) -> None:
    for wide in (kernel, pair_kernel(kernel), square_kernel(kernel)):
        np.testing.assert_array_equal(single_kernel(wide, 3), kernel)


def test_squares_of_the_stride_give_what_it_gives(image: NDArray[np.int64]) -> None:
    kernel = np.random.default_rng(2).integers(-127, 128, (5, 4, 4, 3), np.int8)
    padded = np.pad(image, ((0, 2), (0, 2), (0, 0)))
    squares = padded.reshape(5, 2, 6, 2, 3).transpose(0, 2, 1, 3, 4).reshape(5, 6, 12)
    np.testing.assert_array_equal(convolve(squares, stride_kernel(kernel, 2)), convolve(padded, kernel)[::2, ::2])
    np.testing.assert_array_equal(single_stride_kernel(stride_kernel(kernel, 2), 3), kernel)
    np.testing.assert_array_equal(single_stride_kernel(kernel, 3), kernel)
