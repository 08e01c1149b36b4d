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
from convert.training.detector.grown import grown  # noqa: E402
from convert.training.recipe import RecipeError  # noqa: E402

SMALL = """\
stem = 8
widths = [8, 8, 8]
blocks = [1, 1, 1]"""

RECIPE = f"""\
task = "hands"
held_back = 0.3

[network]
{SMALL}

[canvas]
width = 64
height = 64
tilings = {{ 1 = 1.0 }}

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
def few(monkeypatch: pytest.MonkeyPatch) -> None:
    """On few canvases."""
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
        patched.setattr(loop, "CALIBRATION_CANVASES", 8)
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
    network = bundle_detector(models_dir / "hands")
    given = network.predict(normalise(golden["detector/input"]), verbose=0)
    for output in ("heat", "box"):
        expected = golden[f"detector/{output}/float"]
        found = given[output].reshape(expected.shape)
        assert np.corrcoef(found.ravel(), expected.ravel())[0, 1] > 0.995, output
    with pytest.raises(RecipeError, match=r"this bundle for 'faces' holds pnet"):
        bundle_detector(models_dir / "faces")


def test_a_training_goes_on_with_a_larger_network(data: Path, whole: Path) -> None:
    still = RECIPE.replace("warmup_steps = 1", "warmup_steps = 1\nrate = 1e-12\nweight_decay = 0.0")
    larger = "stem = 8\nwidths = [8, 12, 16]\nblocks = [1, 2, 1]"
    (data / "larger.toml").write_text(still.replace(SMALL, larger))
    first, second = (
        keras.models.load_model(out / "detector.keras")
        for out in (whole, train(data, "larger", "larger.toml", initial=whole))
    )
    assert first.count_params() < second.count_params()
    first_kernel, kernel = (
        network.get_layer("stage2_block1_conv1_conv").get_weights()[0] for network in (first, second)
    )
    np.testing.assert_allclose(kernel[..., :8, :8], first_kernel, atol=1e-6)
    (data / "smaller.toml").write_text(RECIPE.replace(SMALL, SMALL.replace("stem = 8", "stem = 4")))
    with pytest.raises(RecipeError, match=r"\[network\] says: stem_conv has weights \(8, 8, 3, 8\), room is for"):
        train(data, "smaller", "smaller.toml", initial=whole)


def test_a_grown_network_computes_the_same() -> None:
    small, size = DetectorSize(8, (8, 8, 16), (1, 1, 1)), DetectorSize(12, (8, 16, 24), (1, 2, 3))
    network = build_detector(size=small)
    rng = np.random.default_rng(0)
    network.set_weights([weight + rng.uniform(0, 0.1, weight.shape) for weight in network.get_weights()])
    images = rng.normal(0, 0.5, (2, 64, 96, 3)).astype(np.float32)
    before, after = network.predict(images, verbose=0), grown(network, size).predict(images, verbose=0)
    for output, expected in before.items():
        assert expected.std() > 0
        np.testing.assert_allclose(after[output], expected, rtol=1e-4, atol=1e-5)
    with pytest.raises(RecipeError, match=r"stage2_block2_conv1_conv.* besides what the recipe's \[network\] has"):
        grown(build_detector(size=size), small)


class BegunError(Exception):
    """Ends a training before its first step."""


def test_a_training_begins_with_a_bundle(data: Path, models_dir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("tensorflow", reason="a bundle's file is read by TensorFlow's schema")

    def begun(batches: object, recipe: object, checkpoint: Any, out: Path, seed: int, initial: Any) -> None:
        raise BegunError(checkpoint.identity["initial"], initial)

    monkeypatch.setattr(loop, "_fit", begun)
    size = DetectorSize(widths=(64, 112, 176), blocks=(1, 2, 2))
    tables = f"stem = {size.stem}\nwidths = {list(size.widths)}\nblocks = {list(size.blocks)}"
    (data / "large.toml").write_text(RECIPE.replace(SMALL, tables))
    with pytest.raises(BegunError) as ended:
        train(data, "from_bundle", "large.toml", initial=models_dir / "hands")
    digest, weights = ended.value.args
    assert len(digest) == 64
    network = build_detector(size=size)
    network.set_weights(weights)
    norm = network.get_layer("stem_norm")
    assert not np.allclose(norm.moving_mean, 0), "the statistics are those of the pictures"
