"""The network of the detector of hands, its loss, and its threshold."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

keras = pytest.importorskip("keras", reason="needs the extra 'convert'")

from convert.data.scenes import Scene  # noqa: E402
from convert.networks.detector import PRIOR, DetectorSize, build_detector  # noqa: E402
from convert.training.detector.losses import focal_loss, giou_loss  # noqa: E402
from convert.training.detector.recipe import DetectorRecipe, SourceTable, ThresholdTable  # noqa: E402
from convert.training.detector.threshold import choose_threshold, set_apart  # noqa: E402
from convert.training.scenes.judge import Found, false_finds  # noqa: E402
from convert.training.scenes.sources import Source  # noqa: E402
from edge.vision.heatmap import HEADS, STRIDE_PX, centres, distances_of  # noqa: E402

SMALL = DetectorSize(stem=8, widths=(8, 16, 16), blocks=(1, 1, 1))


@pytest.mark.parametrize(("height", "width"), [(32, 32), (96, 160), (192, 256)])
def test_outputs_are_maps_of_cells(height: int, width: int) -> None:
    outputs = build_detector(size=SMALL).predict_on_batch(np.zeros((2, height, width, 3), np.float32))
    for name, channels in HEADS.items():
        assert outputs[name].shape == (2, height // STRIDE_PX, width // STRIDE_PX, channels)


def test_an_untrained_network_expects_nothing() -> None:
    outputs = build_detector(64, 64, SMALL).predict_on_batch(np.zeros((1, 64, 64, 3), np.float32))
    assert 1 / (1 + np.exp(-outputs["heat"])) == pytest.approx(PRIOR, rel=0.1)


def test_sides_off_the_grid_are_refused() -> None:
    with pytest.raises(ValueError, match="multiple of 32, received 100"):
        build_detector(100, 64, SMALL)


def boxes_loss(found: list[float], true: list[float]) -> float:
    """The loss of one cell, at row 2 and column 3 of 5 × 6, that says ``found`` of what is ``true``."""
    cell = centres((6 * STRIDE_PX, 5 * STRIDE_PX))[2 * 6 + 3][None]
    distances, edges = np.zeros((1, 5, 6, 4), np.float32), np.zeros((1, 5, 6, 4), np.float32)
    distances[0, 2, 3] = distances_of(cell, np.array([found], np.float32))
    edges[0, 2, 3] = true
    return float(keras.ops.convert_to_numpy(giou_loss(keras.ops.array(distances), keras.ops.array(edges)))[0, 2, 3])


def test_boxes_cost_what_they_miss() -> None:
    assert boxes_loss([2, 1, 5, 4], [2, 1, 5, 4]) == pytest.approx(0, abs=1e-4)
    assert boxes_loss([2, 1, 5, 4], [2, 1, 5, 2.5]) == pytest.approx(0.5, abs=1e-4)
    assert boxes_loss([3, 2, 4, 3], [0, 2, 1, 3]) == pytest.approx(1.5, abs=1e-4)  # apart by two of four cells


def test_centres_cost_most_where_they_are_missed() -> None:
    heat = np.array([[1.0, 0.8, 0.0]], np.float32)
    ones = np.ones_like(heat)

    def loss(logits: list[float], background: np.ndarray = ones) -> float:
        return float(keras.ops.convert_to_numpy(focal_loss(keras.ops.array([logits], "float32"), heat, background)))

    assert loss([9, -9, -9]) < 0.01
    assert loss([-4, -9, -9]) > 3
    assert loss([9, 4, -9]) < 0.02, "near a centre a cell may be hot"
    assert loss([9, -9, 4]) > 3
    assert loss([9, -9, 4], np.array([[1, 1, 0]], np.float32)) < 0.01, "an unsure cell costs nothing"


def test_people_who_choose_the_threshold_are_not_trained_on() -> None:
    recipe = DetectorRecipe.model_validate(
        {
            "task": "hands",
            "held_back": 0.1,
            "threshold": {"share": 0.2},
            "canvas": {"width": 64, "height": 64},
            "fit": {"epochs": 1, "steps_per_epoch": 1, "batch": 2},
            "sources": {"own": {"loader": "boxes", "folder": "own"}},
        }
    )
    scenes = [Scene(Path(f"{number}.jpg"), f"person {number % 50}") for number in range(200)]
    for chooses, expected in ((False, 0), (True, 0.2)):
        table = SourceTable(loader="boxes", folder="own", chooses_threshold=chooses)
        (source,), choosing = set_apart([Source("own", table, scenes, [])], recipe)
        assert len(choosing) / 200 == pytest.approx(expected, abs=0.15)
        assert len(source.train) + len(choosing) == 200
        assert not {scene.group for scene in source.train} & {scene.group for scene in choosing}


def test_the_threshold_leaves_as_few_false_finds_as_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    scores = iter([[0.9, 0.5], [0.62], [0.3], []] * 5)

    def detect(image: np.ndarray) -> Found:
        found = np.array(next(scores), np.float32)
        return Found(
            np.tile(np.array([[0, 0, 9, 9]], np.float32), (len(found), 1)), found, np.zeros((len(found), 5, 2))
        )

    monkeypatch.setattr("convert.training.detector.threshold.make_detect", lambda *_: detect)
    monkeypatch.setattr(Scene, "read", lambda self: np.zeros((32, 32, 3), np.uint8))
    scenes = [Scene(Path("a.jpg"), "a")] * 20
    chosen = choose_threshold(None, scenes, ThresholdTable(false_per_image=0.5), 40)
    assert chosen.score == pytest.approx(0.51, abs=0.011)  # 0.9 and 0.62 of every four pictures are left
    assert chosen.expected < chosen.score


def test_false_finds_are_far_from_all_that_is_known() -> None:
    scene = Scene(
        Path("a.jpg"), "a", np.array([[0, 0, 10, 10]], np.float32), unsure=np.array([[50, 50, 60, 60]], np.float32)
    )
    boxes = np.array([[0, 0, 10, 9], [50, 50, 60, 61], [80, 80, 90, 90]], np.float32)
    found = Found(boxes, np.array([0.9, 0.8, 0.7], np.float32), np.zeros((3, 5, 2), np.float32))
    np.testing.assert_allclose(false_finds(found, scene), [0.7])
