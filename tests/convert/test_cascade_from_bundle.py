"""A cascade's training that begins with a bundle."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

keras = pytest.importorskip("keras", reason="training needs Keras: install vigil[convert]")

from convert.networks.cascade import NETWORKS, WINDOW_SIDES  # noqa: E402
from convert.training.cascade import stages  # noqa: E402
from convert.training.cascade.augment import MEAN, SCALE  # noqa: E402
from convert.training.cascade.from_bundle import initial_networks  # noqa: E402
from convert.training.cascade.recipe import read_cascade_recipe  # noqa: E402
from convert.training.cascade.samples import NEGATIVE, PART, POSITIVE, Samples  # noqa: E402
from convert.training.from_bundle import FileWeights  # noqa: E402
from convert.training.recipe import RecipeError  # noqa: E402
from edge.vision.cascade import Thresholds  # noqa: E402
from edge.vision.pyramid import Spacing  # noqa: E402

RECIPE = """
task = "faces"
[thresholds]
pnet = 0.6
rnet = 0.6
onet = 0.7
[sources.mine]
loader = "boxes"
folder = "mine"
mining_thresholds = { pnet = 0.1 }
"""

STAGE = """
[stages.{name}]
steps = {steps}
batch = 16
precision = "float32"
mining_threshold = 0.5
draw = {{ positives = 1, parts = 1, near = 1 }}
"""


def recipe_of(folder: Path, **steps: int) -> Path:
    file = folder / "recipe.toml"
    file.write_text(RECIPE + "".join(STAGE.format(name=name, steps=steps[name]) for name in NETWORKS), "utf-8")
    return file


def windows(name: str) -> Samples:
    rng, side, n = np.random.default_rng(0), WINDOW_SIDES[name], 60
    kind = np.repeat(np.array([POSITIVE, PART, NEGATIVE], np.int8), n // 3)
    numbers = rng.normal(size=(n, 14)).astype(np.float32) * np.float32(0.1)
    crops = rng.integers(0, 256, (n, side, side, 3), np.uint8)
    return Samples(crops, kind, numbers[:, :4], numbers[:, 4:], np.ones(n, bool))


@pytest.fixture
def without_pictures(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every stage learns from a few random windows."""
    monkeypatch.setattr(stages, "load_sources", lambda *arguments: [])
    monkeypatch.setattr(stages, "gather", lambda name, *arguments: windows(name))


def answers(network: Any, pixels: np.ndarray) -> dict[str, np.ndarray]:
    images = (pixels.astype(np.float32) - MEAN) * np.float32(SCALE)
    return {name: keras.ops.convert_to_numpy(value) for name, value in network(images, training=False).items()}


def test_its_networks_answer_as_those_before_int8_did(models_dir: Path) -> None:
    golden = np.load(models_dir / "faces" / "golden.npz")
    for name, network in initial_networks(models_dir / "faces").items():
        given = answers(network, golden[f"{name}/input"])
        for output in ("face", "box", "landmarks"):
            if (key := f"{name}/{output}/float") in golden:
                spread = np.ptp(golden[key])
                np.testing.assert_allclose(given[output].reshape(golden[key].shape), golden[key], atol=0.1 * spread)


def test_a_stage_of_no_steps_stays_as_the_bundle_has_it(
    models_dir: Path, tmp_path: Path, without_pictures: None
) -> None:
    recipe = recipe_of(tmp_path, pnet=0, rnet=2, onet=0)
    out = stages.train(recipe, tmp_path, tmp_path / "out", initial=models_dir / "faces")
    before, after = initial_networks(models_dir / "faces"), initial_networks(out)
    for name in ("pnet", "onet"):
        for old, new in zip(before[name].get_weights(), after[name].get_weights(), strict=True):
            np.testing.assert_array_equal(new, old)
    old, new = (networks["rnet"].get_layer("conv1").get_weights()[0] for networks in (before, after))
    assert 0 < np.abs(new - old).max() < 0.05
    assert len(json.loads((out / "training.json").read_text("utf-8"))["initial"]) == 64
    assert stages.train(recipe, tmp_path, out, initial=models_dir / "faces") == out, "the beginning is known again"


def test_another_beginning_is_another_training(models_dir: Path, tmp_path: Path, without_pictures: None) -> None:
    recipe = recipe_of(tmp_path, pnet=2, rnet=2, onet=2)
    out = stages.train(recipe, tmp_path, tmp_path / "out")
    with pytest.raises(RecipeError, match="another initial"):
        stages.train(recipe, tmp_path, out, initial=models_dir / "faces")


def test_no_steps_need_a_beginning(tmp_path: Path) -> None:
    recipe = recipe_of(tmp_path, pnet=1, rnet=0, onet=1)
    with pytest.raises(RecipeError, match=r"stages\.rnet\.steps: 0 leaves the network as it was: give --initial"):
        stages.train(recipe, tmp_path, tmp_path / "out")
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("bundle", "said"), [("hands", "this bundle lacks pnet, rnet"), ("nothing", "no network of a finished cascade")]
)
def test_what_holds_no_cascade_is_refused(models_dir: Path, bundle: str, said: str) -> None:
    with pytest.raises(RecipeError, match=said):
        initial_networks(models_dir / bundle)


def test_a_slope_for_each_channel_is_refused(models_dir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    kernel = FileWeights.kernel

    def differing(weights: FileWeights, layer: str) -> np.ndarray:
        given = kernel(weights, layer)
        return given * np.linspace(0.5, 1, given.shape[-1]) if layer.endswith("_bent") else given

    monkeypatch.setattr(FileWeights, "kernel", differing)
    with pytest.raises(RecipeError, match="has a slope for each channel, from"):
        initial_networks(models_dir / "faces")


@pytest.mark.parametrize(
    ("pyramid", "kept"),
    [
        ("", {}),
        ("[pyramid]\nstep = 0.6\n", {"pyramid_step": 0.6}),
        ("[pyramid]\nstep = 0.6\nfill = 0.8\n", {"pyramid_step": 0.6, "pyramid_fill": 0.8}),
    ],
)
def test_a_bundle_carries_the_levels_that_are_not_mtcnns(tmp_path: Path, pyramid: str, kept: dict[str, float]) -> None:
    file = recipe_of(tmp_path, pnet=1, rnet=1, onet=1)
    file.write_text(file.read_text("utf-8") + pyramid, "utf-8")
    thresholds = read_cascade_recipe(file).bundle_thresholds()
    assert thresholds == {"pnet": 0.6, "rnet": 0.6, "onet": 0.7, **kept}
    assert all(0 < value < 1 for value in thresholds.values()), "as a device asks for"
    assert Thresholds(**thresholds).spacing == Spacing(kept.get("pyramid_step", 0.709), kept.get("pyramid_fill", 1.0))
