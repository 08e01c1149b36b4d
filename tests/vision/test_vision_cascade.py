"""The cascade with networks that find white squares."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from vision_fakes import LANDMARKS, Factory, SquareFinder, squares_image, true_box

from edge.inference import Bundle, Manifest
from edge.inference.bundle import BundleError
from edge.values import Box
from edge.vision.boxes import iou
from edge.vision.cascade import MAX_PROPOSALS, Cascade, Detection, Thresholds, _mirror
from edge.vision.stages import log_odds, split

MIN_SIZE_PX = 40


def detect(image: np.ndarray, factory: Factory | None = None) -> tuple[Detection, ...]:
    return Cascade(factory or Factory(), Thresholds(), MIN_SIZE_PX).detect(image)


def found_boxes(found: tuple[Detection, ...]) -> np.ndarray:
    return np.array([(d.box.x1, d.box.y1, d.box.x2, d.box.y2) for d in found], np.float32).reshape(-1, 4)


@settings(deadline=None, max_examples=30)
@given(st.integers(40, 120), st.floats(0.05, 0.95), st.floats(0.05, 0.95))
def test_one_square_is_found_once_and_in_place(side: int, across: float, down: float) -> None:
    margin = int(side * 0.3) + 1
    x = int(margin + across * (320 - side - 2 * margin))
    y = int(margin + down * (240 - side - 2 * margin))
    (found,) = detect(squares_image(320, 240, (x, y, side)))
    assert iou(found_boxes((found,)), np.array([true_box(x, y, side)], np.float32))[0, 0] > 0.8
    x1, y1, x2, y2 = true_box(x, y, side)
    expected = np.array([x1, y1]) + LANDMARKS * (x2 - x1, y2 - y1)
    assert np.abs(np.array(found.landmarks) - expected).max() < 0.08 * (x2 - x1)
    assert 0.7 <= found.score <= 1


def test_several_squares_best_first() -> None:
    squares = [(30, 30, 40), (150, 40, 80), (40, 130, 70), (260, 170, 36)]
    found = detect(squares_image(340, 260, *squares))
    overlaps = iou(found_boxes(found), np.array([true_box(*square) for square in squares], np.float32))
    assert sorted(overlaps.argmax(axis=1)) == [0, 1, 2, 3]
    assert overlaps.max(axis=1).min() > 0.75
    assert [d.score for d in found] == sorted((d.score for d in found), reverse=True)


def test_squares_smaller_than_asked_are_left_alone() -> None:
    assert detect(squares_image(320, 240, (100, 100, 14))) == ()


def test_what_the_first_stages_miss_is_found_where_it_is_expected() -> None:
    image = squares_image(320, 240, (100, 100, 14))
    cascade = Cascade(Factory(), Thresholds(), MIN_SIZE_PX)
    (found,) = cascade.detect(image, [Box(96, 95, 119, 118)])
    assert iou(found_boxes((found,)), np.array([true_box(100, 100, 14)], np.float32))[0, 0] > 0.8
    assert cascade.detect(image, [Box(200, 95, 223, 118)]) == ()


def test_what_is_found_and_expected_is_found_once() -> None:
    cascade = Cascade(Factory(), Thresholds(), MIN_SIZE_PX)
    image = squares_image(320, 240, (100, 100, 60))
    (found,) = cascade.detect(image)
    assert len(cascade.detect(image, [found.box])) == 1


def test_a_box_past_the_border_is_cut_at_the_border() -> None:
    # 60 px wide and 4 px from the left edge: its true box begins 8 px outside.
    (found,) = detect(squares_image(320, 240, (4, 90, 60)))
    assert found.box.x1 == 0
    assert iou(found_boxes((found,)), np.array([(0, 78, 76, 162)], np.float32))[0, 0] > 0.8


@pytest.mark.parametrize("shape", [(1, 1, 3), (30, 400, 3), (38, 38, 3), (300, 7, 3)])
def test_nothing_in_an_image_too_small(shape: tuple[int, int, int]) -> None:
    factory = Factory()
    assert detect(np.full(shape, 255, np.uint8), factory) == ()
    assert "pnet" not in [network.name for network in factory.built]


def test_a_huge_image() -> None:
    factory = Factory()
    image = squares_image(8000, 6000, (5000, 3000, 900))
    (found,) = Cascade(factory, Thresholds(), min_size_px=700).detect(image)
    assert iou(found_boxes((found,)), np.array([true_box(5000, 3000, 900)], np.float32))[0, 0] > 0.8


def test_networks_are_built_once_and_p_net_runs_once_a_frame() -> None:
    factory = Factory()
    cascade = Cascade(factory, Thresholds(), MIN_SIZE_PX)
    image = squares_image(320, 240, (100, 100, 60))
    for _ in range(3):
        cascade.detect(image)
    built = Counter((network.name, network.shape[0]) for network in factory.built)
    assert set(built.values()) == {1}
    (pnet,) = (network for network in factory.built if network.name == "pnet")
    assert pnet.runs == 3
    cascade.detect(squares_image(200, 200, (60, 60, 60)))
    cascade.detect(image)
    assert [network.name for network in factory.built].count("pnet") == 2


def test_a_flood_of_proposals_is_held_back() -> None:
    factory = Factory()
    squares = [(x, y, 24) for x in range(20, 980, 40) for y in range(20, 720, 40)]
    cascade = Cascade(factory, Thresholds(), min_size_px=30)
    cascade.detect(squares_image(1000, 740, *squares))
    windows = sum(network.runs * network.shape[0] for network in factory.built if network.name == "rnet")
    assert windows <= MAX_PROPOSALS


@pytest.mark.parametrize(
    ("n", "least_filled", "batches"),
    [
        (0, 0.75, []),
        (1, 0.75, [1]),
        (2, 0.75, [2]),
        (3, 0.75, [4]),
        (3, 0.9, [2, 1]),
        (6, 0.75, [4, 2]),
        (12, 0.75, [16]),
        (12, 0.9, [4, 4, 4]),
        (15, 0.9, [16]),
        (39, 0.75, [16, 16, 4, 4]),
        (39, 0.9, [16, 16, 4, 2, 1]),
    ],
)
def test_batches(n: int, least_filled: float, batches: list[int]) -> None:
    assert split(n, least_filled) == batches


@pytest.mark.parametrize(("probability", "difference"), [(0.5, 0.0), (0.6, 0.405465), (0.99, 4.59512)])
def test_log_odds(probability: float, difference: float) -> None:
    assert log_odds(probability) == pytest.approx(difference, abs=1e-5)


def cascade_bundle(colour: str = "rgb", lacking: tuple[str, ...] = (), **thresholds: float) -> Bundle:
    """A bundle for faces without the networks' bytes."""

    def network(size: int) -> dict[str, object]:
        shape = (1, size, size, 3 if colour == "rgb" else 1)
        return {
            "file": f"{size}.tflite",
            "sha256": "0" * 64,
            "input": {"shape": shape, "colour": colour, "mean": 127.5, "scale": 0.0078125},
            "outputs": [name for name in ("face", "box", "landmarks") if name not in lacking],
            "macs": 0,
        }

    manifest = {
        "name": "faces",
        "task": "faces",
        "version": "0",
        "networks": {"pnet": network(12), "rnet": network(24), "onet": network(48)},
        "golden": {"file": "golden.npz", "sha256": "0" * 64},
        "thresholds": thresholds,
        "training": {"data": [], "command": "none", "seed": 0},
    }
    return Bundle(Path("faces"), Manifest.model_validate(manifest), {})


def test_networks_without_the_outputs_that_are_read_are_refused() -> None:
    with pytest.raises(BundleError, match=r"onet lacks the output\(s\) \['landmarks'\]"):
        Cascade.of(cascade_bundle(lacking=("landmarks",)), 40)


def test_a_manifest_sets_thresholds_and_the_rest_keep_their_defaults() -> None:
    assert Thresholds.of(cascade_bundle(pnet=0.5, nms_onet=0.4)) == Thresholds(pnet=0.5, nms_onet=0.4)


@pytest.mark.parametrize(
    ("thresholds", "message"),
    [({"onett": 0.5}, "'onett' is unknown"), ({"pnet": 0.0}, "between 0 and 1"), ({"onet": 1.0}, "between 0 and 1")],
)
def test_a_misspelt_or_impossible_threshold_is_refused(thresholds: dict[str, float], message: str) -> None:
    with pytest.raises(BundleError, match=message):
        Thresholds.of(cascade_bundle(**thresholds))


def test_a_grey_cascade_is_refused() -> None:
    with pytest.raises(BundleError, match="take 'rgb'"):
        Cascade.of(cascade_bundle("grey"), MIN_SIZE_PX)


class CrossedEdges(SquareFinder):
    """Believes in everything, and says that each box ends before it begins."""

    def windows_to_outputs(self, windows: np.ndarray) -> dict[str, np.ndarray]:
        n = len(windows)
        faces, boxes = np.tile([-3.0, 3.0], (n, 1)), np.tile([1.0, 1.0, -1.0, -1.0], (n, 1))
        return {"face": faces, "box": boxes, "landmarks": np.zeros((n, 10))}


def test_a_mirrored_face_has_its_left_eye_on_the_left_again() -> None:
    face = np.array([[0.2, 0.4, 0.7, 0.3, 0.5, 0.6, 0.3, 0.8, 0.6, 0.7]], np.float32)
    mirrored = [[0.3, 0.3, 0.8, 0.4, 0.5, 0.6, 0.4, 0.7, 0.7, 0.8]]
    np.testing.assert_allclose(_mirror(face), mirrored, atol=1e-6)
    np.testing.assert_allclose(_mirror(_mirror(face)), face, atol=1e-6)
    assert _mirror(np.zeros((0, 10), np.float32)).shape == (0, 10)


def test_boxes_with_crossed_edges_are_dropped() -> None:
    assert detect(squares_image(100, 100), Factory(CrossedEdges)) == ()
