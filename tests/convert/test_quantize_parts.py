"""The parts of quantization that need no Keras."""

import numpy as np
import pytest

from convert.quantize.calibration import CalibrationError, input_of_whole_levels, with_full_range
from convert.quantize.parity import compare
from convert.quantize.report import class_rows
from edge.inference.manifest import InputSpec, Metrics
from edge.tables import format_table

TRAINED = InputSpec(shape=(1, 2, 2, 1), dtype="float32", colour="grey", mean=127.5, scale=1 / 127.5)


@pytest.mark.parametrize(("mean", "expected"), [(127.5, 128), (128, 128), (0, 0), (116.2, 117)])
def test_mean_becomes_a_whole_level(mean: float, expected: float) -> None:
    device = input_of_whole_levels(TRAINED.model_copy(update={"mean": mean}))
    assert (device.mean, device.scale, device.dtype) == (expected, TRAINED.scale, "int8")


def test_calibration_spans_black_to_white() -> None:
    grey = np.full((3, 2, 2, 1), 90, np.uint8)
    grey[1, 1, 1] = 91
    full = with_full_range(grey, (1, 2, 2, 1))
    assert (full.min(), full.max()) == (0, 255)
    assert (full[2] == 90).all()
    assert (grey[0] == 90).all(), "the caller's pixels stay"


@pytest.mark.parametrize("level", [0, 255, 90])
def test_calibration_without_content_is_refused(level: int) -> None:
    with pytest.raises(CalibrationError, match=rf"all pixels of all 4 inputs are \[{level}\]"):
        with_full_range(np.full((4, 2, 2, 1), level, np.uint8), (1, 2, 2, 1))


@pytest.mark.parametrize(
    "pixels",
    [np.zeros((0, 2, 2, 1), np.uint8), np.zeros((4, 2, 2, 1), np.float32), np.zeros((4, 3, 2, 1), np.uint8)],
    ids=["none", "not uint8", "another size"],
)
def test_unfit_calibration_is_refused(pixels: np.ndarray) -> None:
    with pytest.raises(CalibrationError, match=r"expected uint8 pixels \(n, 2, 2, 1\)"):
        with_full_range(pixels, (1, 2, 2, 1))


def test_parity_by_hand() -> None:
    expected = {"logits": np.array([[0, 2], [4, 2]], np.float32)}
    found = {"logits": np.array([[0, 3], [2, 3]], np.float32)}
    (parity,) = compare(expected, found)
    assert parity.largest_error == 2
    assert parity.root_mean_square_error == pytest.approx(np.sqrt((1 + 4 + 1) / 4))
    # The channels vary by 2 and 0 around their own means: a spread of sqrt((4 + 0) / 2).
    assert parity.relative_error == pytest.approx(np.sqrt(1.5) / np.sqrt(2))
    assert parity.same_choice == 0.5
    assert parity.mean_error == 1
    assert parity.cosine == pytest.approx((1 + 14 / np.sqrt(20 * 13)) / 2)


def test_the_cosine_of_zero_vectors() -> None:
    zeros, ones = np.zeros((1, 2), np.float32), np.ones((1, 2), np.float32)
    assert compare({"x": zeros}, {"x": zeros})[0].cosine == 1
    assert compare({"x": zeros}, {"x": ones})[0].cosine == 0


def test_a_table_aligns_names_left_and_numbers_right() -> None:
    assert format_table(iter([("name", "n"), ("a", "10"), ("longer", "2")])) == "name     n\na       10\nlonger   2"


def test_classes_show_their_change_in_points() -> None:
    before = {"accuracy": 0.9, "per_class": {"open": {"recall": 0.9, "n": 10}}}
    after = {"accuracy": 0.895, "per_class": {"open": {"recall": 1.0, "n": 10}}}
    assert list(class_rows(Metrics(data="d", n=10, float=before, int8=after)))[1:] == [
        ("all", "10", "90.00", "89.50", "-0.50"),
        ("open", "10", "90.00", "100.00", "+10.00"),
    ]
