"""The single-shot detector with a network that finds white rectangles."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edge.inference import Bundle, Manifest
from edge.inference.bundle import BundleError
from edge.values import Box
from edge.vision.boxes import from_values, iou
from edge.vision.heatmap import GRID_PX, HEADS, SMALLEST_PX, STRIDE_PX, boxes_of, canvas_size, centres, distances_of
from edge.vision.mipmap import Mipmap
from edge.vision.single_shot import MAX_HITS, Found, SingleShot, Thresholds
from edge.vision.stages import FloatOutputs, Shape

MIN_SIZE_PX = 32
HOT, COLD = 3.0, -8.0


class RectangleFinder(FloatOutputs):
    """Says that an object's centre is in every cell near the centre of a white rectangle, by its brightness."""

    def __init__(self, shape: Shape, calls: Counter[str]) -> None:
        self._shape, self._calls = shape, calls

    def invoke(self, pixels: np.ndarray) -> None:
        assert pixels.shape == self._shape
        assert pixels.dtype == np.uint8
        self._calls["invoke"] += 1
        _, height, width, _ = self._shape
        heat = np.full(height // STRIDE_PX * (width // STRIDE_PX), COLD, np.float32)
        box = np.zeros((len(heat), 4), np.float32)
        cells = centres((width, height))
        grey = pixels[0, ..., 0]
        number, _, stats, _ = cv2.connectedComponentsWithStats((grey > 32).astype(np.uint8))
        for x, y, w, h, _ in stats[1:number]:
            true = np.array([[x, y, x + w, y + h]], np.float32) / STRIDE_PX
            middle = (true[0, :2] + true[0, 2:]) / 2
            near = np.flatnonzero(
                np.abs(cells - middle).max(axis=1) < np.maximum(0.25 * (true[0, 2:] - true[0, :2]), 0.6).min()
            )
            heat[near] = HOT * grey[y : y + h, x : x + w].max() / 255
            box[near] = distances_of(cells[near], np.repeat(true, len(near), axis=0))
        self.outputs = {"heat": heat, "box": box}


def detector(calls: Counter[str] | None = None, thresholds: Thresholds | None = None) -> SingleShot:
    counted = Counter[str]() if calls is None else calls

    def build(name: str, shape: Shape) -> RectangleFinder:
        counted[f"{name} {shape}"] += 1
        return RectangleFinder(shape, counted)

    return SingleShot(build, thresholds or Thresholds(), MIN_SIZE_PX)


def picture(width: int, height: int, *boxes: tuple[int, int, int, int], grey: int = 255) -> np.ndarray:
    image = np.zeros((height, width, 3), np.uint8)
    for x1, y1, x2, y2 in boxes:
        image[y1:y2, x1:x2] = grey
    return image


def as_array(found: tuple[Found, ...]) -> np.ndarray:
    return from_values([find.box for find in found])


@settings(deadline=None, max_examples=40)
@given(
    st.integers(40, 200),
    st.integers(40, 200),
    st.floats(0, 1),
    st.floats(0, 1),
    st.sampled_from([(640, 480), (471, 350)]),
)
def test_one_rectangle_is_found_once_and_in_place(
    width: int, height: int, across: float, down: float, size: tuple[int, int]
) -> None:
    x, y = int(across * (size[0] - width)), int(down * (size[1] - height))
    (found,) = detector().detect(picture(*size, (x, y, x + width, y + height)))
    true = np.array([[x, y, x + width, y + height]], np.float32)
    assert iou(as_array((found,)), true)[0, 0] > 0.75
    assert found.score == pytest.approx(1 / (1 + np.exp(-HOT)), abs=0.01)


def test_several_are_found_best_first_inside_the_image() -> None:
    image = picture(640, 480, (0, 0, 90, 60), (560, 400, 640, 480)) + picture(640, 480, (300, 100, 380, 260), grey=150)
    found = detector().detect(image)
    assert len(found) == 3
    assert [find.score for find in found] == sorted((find.score for find in found), reverse=True)
    for find in found:
        assert find.box.x1 >= 0
        assert find.box.y1 >= 0
        assert find.box.x2 <= 640
        assert find.box.y2 <= 480


def test_nothing_is_found_in_nothing() -> None:
    assert detector().detect(picture(640, 480)) == ()


def test_a_mipmap_is_searched_like_its_image() -> None:
    image = picture(640, 480, (200, 100, 300, 220))
    assert detector().detect(Mipmap(image)) == detector().detect(image)


def test_one_call_a_frame_and_one_network_a_size() -> None:
    calls = Counter[str]()
    finder = detector(calls)
    many = picture(640, 480, *[(x, y, x + 60, y + 60) for x in range(20, 600, 100) for y in range(20, 400, 100)])
    for _ in range(3):
        assert len(finder.detect(many)) == 24
    assert calls == {"detector (1, 320, 416, 3)": 1, "invoke": 3}
    finder.detect(picture(320, 240))
    assert calls["detector (1, 160, 224, 3)"] == 1


def test_what_fades_is_still_found_where_it_is_expected() -> None:
    image = picture(640, 480, (200, 100, 300, 220), grey=60)
    score = 1 / (1 + np.exp(-HOT * 60 / 255))
    finder = detector(thresholds=Thresholds(score=score + 0.05, expected=score - 0.05))
    assert finder.detect(image) == ()
    (found,) = finder.detect(image, [Box(190, 110, 290, 230)])
    assert found.score == pytest.approx(score, abs=0.02)
    assert finder.detect(image, [Box(400, 110, 500, 230)]) == ()


class Doubter(FloatOutputs):
    """An O-Net that believes in windows whose middle is bright, as much as ``margin`` says, and else not."""

    def __init__(self, shape: Shape, margin: float) -> None:
        self._n, self._margin = shape[0], margin

    def invoke(self, pixels: np.ndarray) -> None:
        bright = pixels[:, 24, 24, 0] > 200
        margins = np.where(bright, self._margin, -self._margin).astype(np.float32)
        self.outputs = {
            "face": np.stack([np.zeros(self._n), margins], axis=1),
            "box": np.zeros((self._n, 4), np.float32),
        }


def test_onet_confirms_and_refuses() -> None:
    def build(name: str, shape: Shape) -> RectangleFinder | Doubter:
        return RectangleFinder(shape, Counter()) if name == "detector" else Doubter(shape, 8.0)

    finder = SingleShot(build, Thresholds(proposal=0.3, onet_weight=0.5), MIN_SIZE_PX, confirmed=True)
    bright, dim = (60, 60, 160, 160), (400, 200, 500, 300)
    (found,) = finder.detect(picture(640, 480, bright) + picture(640, 480, dim, grey=120))
    assert iou(as_array((found,)), np.array([bright], np.float32))[0, 0] > 0.75
    assert found.score == pytest.approx(1 / (1 + np.exp(-HOT - 4)), abs=0.01)
    assert finder.detect(picture(640, 480)) == ()
    refused = Box(*map(float, dim))
    assert finder.detect(picture(640, 480, dim, grey=120), [refused]) == (), "not even where it is expected"


def test_a_canvas_full_of_hits_stays_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[int] = []
    monkeypatch.setattr(
        "edge.vision.single_shot.nms", lambda boxes, scores, threshold: seen.append(len(boxes)) or np.zeros(0, np.intp)
    )
    detector().detect(picture(1280, 960, (0, 0, 1280, 960)))
    assert seen == [MAX_HITS]


@given(st.integers(1, 5000), st.integers(1, 5000), st.floats(0.5, 8))
def test_a_canvas_is_on_the_grid_and_fine_enough(width: int, height: int, shrink: float) -> None:
    size = canvas_size(width, height, shrink)
    for canvas, pixels in zip(size, (width, height), strict=True):
        assert canvas % GRID_PX == 0
        assert canvas >= pixels / max(shrink, 1)
        assert canvas < pixels / max(shrink, 1) + GRID_PX


def test_the_smallest_hand_keeps_its_size_on_the_canvas() -> None:
    width, height = canvas_size(640, 480, 60 / SMALLEST_PX)
    assert (width, height) == (224, 160)
    assert 60 * min(width / 640, height / 480) >= SMALLEST_PX


@given(st.lists(st.tuples(*[st.floats(0.1, 30)] * 4), min_size=1, max_size=5))
def test_distances_and_boxes_are_each_others_inverse(distances: list[tuple[float, ...]]) -> None:
    cells = centres((320, 256))[: len(distances)]
    logarithms = np.log(np.array(distances, np.float32))
    np.testing.assert_allclose(distances_of(cells, boxes_of(cells, logarithms)), logarithms, atol=0.02)


def hands_bundle(colour: str = "rgb", lacking: tuple[str, ...] = (), **thresholds: float) -> Bundle:
    spec = {
        "file": "detector.tflite",
        "sha256": "0" * 64,
        "input": {
            "shape": (1, 32, 32, 1 if colour == "grey" else 3),
            "colour": colour,
            "mean": 128.0,
            "scale": 1 / 128,
        },
        "outputs": [name for name in HEADS if name not in lacking],
        "macs": 1,
    }
    manifest = Manifest.model_validate(
        {
            "name": "hands",
            "task": "identity",
            "version": "1",
            "networks": {"detector": spec, "identity": spec},
            "golden": {"file": "golden.npz", "sha256": "0" * 64},
            "thresholds": thresholds,
            "training": {"data": [], "command": "", "seed": 0},
        }
    )
    return Bundle(Path("models/hands"), manifest, {})


def test_a_bundles_thresholds_are_used() -> None:
    assert Thresholds.of(hands_bundle(score=0.5, expected=0.3)) == Thresholds(score=0.5, expected=0.3)


@pytest.mark.parametrize(
    ("bundle", "said"),
    [
        (hands_bundle(score=1.0), "between 0 and 1"),
        (hands_bundle(onet=0.5), "'onet' is unknown"),
        (hands_bundle(lacking=("box",)), "box"),
        (hands_bundle("grey"), "'grey'"),
    ],
    ids=["threshold out of range", "threshold of a cascade", "no boxes", "grey input"],
)
def test_a_bundle_that_breaks_a_rule_is_refused(bundle: Bundle, said: str) -> None:
    with pytest.raises(BundleError, match=said):
        SingleShot.of(bundle, MIN_SIZE_PX)
