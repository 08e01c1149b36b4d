"""A tiny training of the detector of hands from pictures to thresholds, broken off and gone on with."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

keras = pytest.importorskip("keras", reason="needs the extra 'convert'")

from convert.networks.detector import DetectorSize, build_detector  # noqa: E402
from convert.training.callbacks import EPOCHS_FILE  # noqa: E402
from convert.training.detector import keeper, loop  # noqa: E402
from convert.training.recipe import RecipeError  # noqa: E402

RECIPE = """\
task = "hands"
held_back = 0.3

[canvas]
width = 64
height = 64
tilings = { 1 = 1.0 }

[fit]
epochs = 2
steps_per_epoch = 2
batch = 2
warmup_steps = 1
precision = "float32"

[sources.hands]
loader = "boxes"
folder = "hands"
chooses_threshold = true
"""


@pytest.fixture(autouse=True)
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of a small network, on few canvases."""
    _make_small(monkeypatch)


def _make_small(monkeypatch: pytest.MonkeyPatch) -> None:
    small = DetectorSize(stem=8, widths=(8, 8, 8), blocks=(1, 1, 1))
    monkeypatch.setattr(loop, "build_detector", lambda: build_detector(size=small))
    monkeypatch.setattr(loop, "CALIBRATION_CANVASES", 8)


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Ten sessions of two pictures, each with a bright rectangle as its hand."""
    tmp_path = tmp_path_factory.mktemp("detector")
    rng = np.random.default_rng(0)
    rows = ["image,label,session,xmin,ymin,xmax,ymax"]
    (tmp_path / "data/hands/images").mkdir(parents=True)
    for number in range(20):
        image = rng.integers(0, 60, (90, 120, 3), np.uint8)
        x, y = rng.integers(0, 60), rng.integers(0, 40)
        image[y : y + 45, x : x + 40] = rng.integers(150, 256, 3)
        cv2.imwrite(str(tmp_path / f"data/hands/images/{number:02}.png"), image)
        rows.append(f"images/{number:02}.png,palm,session{number // 2},{x},{y},{x + 40},{y + 45}")
    (tmp_path / "data/hands/boxes.csv").write_text("\n".join(rows))
    (tmp_path / "hands.toml").write_text(RECIPE)
    return tmp_path


def train(data: Path, out: str, recipe: str = "hands.toml", **how: Any) -> Path:
    return loop.train(data / recipe, data / "data", data / out, seed=3, **how)


@pytest.fixture(scope="module")
def whole(data: Path) -> Path:
    """An unbroken training."""
    with pytest.MonkeyPatch.context() as patched:
        _make_small(patched)
        return train(data, "whole")


class PowerCutError(Exception):
    """Ends a training as a power cut would."""


def test_a_broken_training_goes_on_to_the_same_network(
    data: Path, whole: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    report = json.loads((whole / "training.json").read_text("utf-8"))
    assert {"score", "expected", "nms"} <= set(report["thresholds"])
    assert report["held_back"]["hands"]["objects"] > 0
    assert np.load(whole / "calibration.npz")["detector"].shape == (8, 64, 64, 3)
    assert len((whole / EPOCHS_FILE).read_text("utf-8").splitlines()) == 3

    def cut(*_: object) -> None:
        raise PowerCutError

    with monkeypatch.context() as patched:
        patched.setattr(keeper.Keeper, "_report", cut)  # after the first epoch's checkpoint
        with pytest.raises(PowerCutError):
            train(data, "broken")
    with pytest.raises(RecipeError, match="interrupted after epoch 1"):
        train(data, "broken")
    broken = train(data, "broken", resume=True)
    networks = [keras.models.load_model(out / "detector.keras") for out in (whole, broken)]
    for first, second in zip(*(network.get_weights() for network in networks), strict=True):
        np.testing.assert_allclose(first, second, atol=1e-6)
    assert (broken / EPOCHS_FILE).read_text("utf-8") == (whole / EPOCHS_FILE).read_text("utf-8")


def test_a_training_begins_with_the_weights_of_another(data: Path, whole: Path) -> None:
    still = RECIPE.replace("warmup_steps = 1", "warmup_steps = 1\nrate = 1e-12\nweight_decay = 0.0")
    (data / "still.toml").write_text(still)
    second = train(data, "second", "still.toml", initial=whole)
    before, after = (keras.models.load_model(out / "detector.keras") for out in (whole, second))
    for one, other in zip(before.trainable_weights, after.trainable_weights, strict=True):
        np.testing.assert_allclose(one, other, atol=1e-6)
    assert len(json.loads((second / "training.json").read_text("utf-8"))["initial"]) == 64
    with pytest.raises(RecipeError, match=r"--initial .*third: no network of a finished training"):
        train(data, "fourth", initial=data / "third")


def test_a_bundle_gives_its_network_back(models_dir: Path) -> None:
    pytest.importorskip("tensorflow", reason="a bundle's file is read by TensorFlow's schema")
    from convert.training.detector.batches import normalise
    from convert.training.detector.from_bundle import bundle_detector

    golden = np.load(models_dir / "hands" / "golden.npz")
    network = bundle_detector(models_dir / "hands", build_detector)
    given = network.predict(normalise(golden["detector/input"]), verbose=0)
    for output in ("heat", "box"):
        expected = golden[f"detector/{output}/float"]
        found = given[output].reshape(expected.shape)
        assert np.corrcoef(found.ravel(), expected.ravel())[0, 1] > 0.995, output
    with pytest.raises(RecipeError, match="other channels"):
        bundle_detector(models_dir / "hands", loop.build_detector)
    with pytest.raises(RecipeError, match=r"this bundle for 'faces' holds pnet"):
        bundle_detector(models_dir / "faces", build_detector)


class BegunError(Exception):
    """Ends a training before its first step."""


def test_a_training_begins_with_a_bundle(data: Path, models_dir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("tensorflow", reason="a bundle's file is read by TensorFlow's schema")

    def begun(batches: object, recipe: object, checkpoint: Any, out: Path, seed: int, initial: Any) -> None:
        raise BegunError(checkpoint.identity["initial"], initial)

    monkeypatch.setattr(loop, "build_detector", build_detector)
    monkeypatch.setattr(loop, "_fit", begun)
    with pytest.raises(BegunError) as ended:
        train(data, "from_bundle", initial=models_dir / "hands")
    digest, weights = ended.value.args
    assert len(digest) == 64
    network = build_detector()
    network.set_weights(weights)
    norm = network.get_layer("stem_norm")
    assert not np.allclose(norm.moving_mean, 0), "the statistics are those of the pictures"
