"""dlib's face network: its file, and what becomes of the weights in it."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest

from edge.errors import InputError

keras = pytest.importorskip("keras", reason="needs the extra 'convert'")

from convert.networks.dlib_face import CHIP_PX, build_dlib_face, load_dlib_face, read_weights  # noqa: E402

FILE = os.environ.get("VIGIL_FACE_TEACHER")

DLIBS = [[-0.065949, 0.111101, 0.050514, -0.023991], [-0.119047, 0.09742, 0.052413, -0.026964]]
"""The first four numbers of what dlib 20.0.1 says of two chips of noise."""


def packed(number: int) -> bytes:
    """A whole number as dlib writes it."""
    length = (number.bit_length() + 7) // 8
    return bytes([length]) + number.to_bytes(length, "little")


def tensor(numbers: np.ndarray) -> bytes:
    """``(samples, channels)`` as dlib writes them, after something else of the layer."""
    header = b"".join(map(packed, (2, *numbers.shape, 1, 1)))
    return b"\x01\x05relu_" + header + numbers.astype("<f4").tobytes()


@pytest.fixture(scope="module")
def saved(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[np.ndarray]]:
    """A file like dlib's with other numbers, and its tensors: gains are 2, shifts 1."""
    rng = np.random.default_rng(0)
    tensors = []
    for kernel, bias in zip(*[iter(build_dlib_face().get_weights()[:-1])] * 2, strict=True):
        width = len(bias)
        tensors.append(rng.normal(0, 0.01, (kernel.size + width, 1)).astype(np.float32))
        tensors.append(np.repeat([2, 1], width)[:, None].astype(np.float32))
    tensors.append(rng.normal(0, 0.1, (256, 128)).astype(np.float32))
    file = tmp_path_factory.mktemp("teacher") / "face.dat"
    file.write_bytes(b"".join(map(tensor, tensors)))
    return file, tensors


def test_affine_layers_become_part_of_their_convolutions(saved: tuple[Path, list[np.ndarray]]) -> None:
    file, tensors = saved
    stem, bias, *_, last = read_weights(file)
    filters, biases = np.split(tensors[0].ravel(), [-32])
    # dlib: (filters, channels, rows, columns); Keras: (rows, columns, channels, filters).
    np.testing.assert_allclose(stem[2, 5, 1, 7], 2 * filters.reshape(32, 3, 7, 7)[7, 1, 2, 5])
    np.testing.assert_allclose(bias, 2 * biases + 1)
    np.testing.assert_array_equal(last, tensors[-1])


def test_the_network_gives_128_numbers_and_is_not_trained(saved: tuple[Path, list[np.ndarray]]) -> None:
    network = load_dlib_face(saved[0])
    assert (network.input_shape, network.output_shape) == ((None, CHIP_PX, CHIP_PX, 3), (None, 128))
    assert network.trainable_variables == []
    answers = network.predict(np.full((2, CHIP_PX, CHIP_PX, 3), 90, np.float32), verbose=0)
    assert np.isfinite(answers).all()
    np.testing.assert_allclose(answers[0], answers[1], rtol=1e-5, atol=1e-6 * np.ptp(answers))


def test_another_file_is_refused(tmp_path: Path, saved: tuple[Path, list[np.ndarray]]) -> None:
    with pytest.raises(InputError, match="face_recognition_models"):
        read_weights(tmp_path / "missing.dat")
    part = tmp_path / "part.dat"
    part.write_bytes(saved[0].read_bytes()[:-10])
    for file in (part, Path(__file__)):
        with pytest.raises(InputError, match="expected dlib's face network"):
            read_weights(file)


@pytest.mark.skipif(FILE is None, reason="set VIGIL_FACE_TEACHER to dlib_face_recognition_resnet_model_v1.dat")
def test_it_answers_as_dlib_does() -> None:
    chips = np.random.default_rng(0).integers(0, 255, (2, CHIP_PX, CHIP_PX, 3), dtype=np.uint8)
    answers = load_dlib_face(Path(str(FILE))).predict(chips.astype(np.float32), verbose=0)
    np.testing.assert_allclose(answers[:, :4], DLIBS, atol=1e-5)
