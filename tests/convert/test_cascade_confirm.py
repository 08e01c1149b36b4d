"""The O-Net for a single-shot detector's finds: its training, and how it becomes narrower."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

keras = pytest.importorskip("keras", reason="training needs Keras: install vigil[convert]")

from convert.cli import main  # noqa: E402
from convert.networks.cascade import ONET_LAYERS, ONET_WIDTHS, onet, onet_widths  # noqa: E402
from convert.training.cascade import confirm, train_confirming  # noqa: E402
from convert.training.cascade.augment import MEAN, SCALE  # noqa: E402
from convert.training.cascade.from_bundle import initial_onet  # noqa: E402
from convert.training.cascade.narrow import narrowed_onet  # noqa: E402
from convert.training.cascade.recipe import SourceTable, read_confirm_recipe  # noqa: E402
from convert.training.cascade.samples import NEGATIVE, PART, POSITIVE, Samples  # noqa: E402
from convert.training.recipe import RecipeError  # noqa: E402
from edge.inference.bundle import BundleError  # noqa: E402

WIDE, NARROW = (8, 8, 8, 8, 16), (4, 6, 5, 7, 9)
RECIPE = """
task = "hands"
[sources.mine]
loader = "boxes"
folder = "mine"
[onet]
steps = 2
batch = 16
precision = "float32"
widths = [16, 32, 32, 64, 128]
draw = { positives = 1, parts = 1, near = 1 }
"""


def answers(network: keras.Model, pixels: np.ndarray) -> dict[str, np.ndarray]:
    images = (pixels.astype(np.float32) - MEAN) * np.float32(SCALE)
    return {name: keras.ops.convert_to_numpy(value) for name, value in network(images, training=False).items()}


def windows() -> Samples:
    rng, n = np.random.default_rng(0), 60
    kind = np.repeat(np.array([POSITIVE, PART, NEGATIVE], np.int8), n // 3)
    numbers = rng.normal(size=(n, 14)).astype(np.float32) * np.float32(0.1)
    crops = rng.integers(0, 256, (n, 48, 48, 3), np.uint8)
    return Samples(crops, kind, numbers[:, :4], numbers[:, 4:], np.zeros(n, bool))


def test_channels_that_say_nothing_are_those_that_go() -> None:
    network = onet(WIDE)
    rng = np.random.default_rng(0)
    for name, width in zip(ONET_LAYERS, NARROW, strict=True):
        kernel, bias = network.get_layer(name).get_weights()
        silent = rng.permutation(len(bias))[width:]
        kernel[..., silent] = 0  # and no bias at the beginning
        network.get_layer(name).set_weights([kernel, bias])
    narrow = narrowed_onet(network, NARROW)
    assert onet_widths(narrow) == NARROW
    before, after = (answers(each, windows().crops) for each in (network, narrow))
    for name, expected in before.items():
        np.testing.assert_allclose(after[name], expected, atol=1e-5)


def test_a_network_of_these_widths_stays_and_a_narrower_one_is_refused() -> None:
    network = onet(NARROW)
    assert narrowed_onet(network, NARROW) is network
    with pytest.raises(RecipeError, match=r"onet\.widths: \[8, 8, 8, 8, 16\] can't be cut from .* \[4, 6, 5, 7, 9\]"):
        narrowed_onet(network, WIDE)


def test_a_bundles_onet_answers_as_before_int8(models_dir: Path) -> None:
    golden = np.load(models_dir / "hands" / "golden.npz")
    given = answers(initial_onet(models_dir / "hands"), golden["onet/input"])
    for name in ("face", "box"):
        expected = golden[f"onet/{name}/float"]
        np.testing.assert_allclose(given[name].reshape(expected.shape), expected, atol=0.1 * np.ptp(expected))


def test_a_bundle_without_one_is_refused(models_dir: Path) -> None:
    with pytest.raises(RecipeError, match="this bundle has no O-Net, only eyes"):
        initial_onet(models_dir / "eyes")


@pytest.fixture
def recipe(tmp_path: Path) -> Path:
    file = tmp_path / "recipe.toml"
    file.write_text(RECIPE, "utf-8")
    return file


@pytest.fixture
def searched(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The training learns from a few random windows; how much the detector found in noise goes here."""
    found: list[int] = []

    def gather(name: str, draw: object, sources: object, search_of: object, rng: np.random.Generator) -> Samples:
        noise = rng.integers(0, 256, (120, 160, 3), np.uint8)
        found.append(len(search_of(SourceTable(loader="boxes", folder="mine"))(noise).boxes))
        return windows()

    monkeypatch.setattr(confirm, "load_sources", lambda *arguments: [])
    monkeypatch.setattr(confirm, "gather", gather)
    return found


def test_it_learns_from_what_the_detector_finds(
    models_dir: Path, tmp_path: Path, recipe: Path, searched: list[int]
) -> None:
    recipe.write_text("least_score = 0.000001\n" + RECIPE, "utf-8")
    hands = models_dir / "hands"
    out = train_confirming(recipe, tmp_path, tmp_path / "out", hands, initial=hands)
    assert searched[0] > 0
    network = keras.models.load_model(out / "onet.keras")
    assert onet_widths(network) == (16, 32, 32, 64, 128)
    report = json.loads((out / "training.json").read_text("utf-8"))
    assert (len(report["initial"]), len(report["detector"])) == (64, 64)
    assert np.load(out / "calibration.npz")["onet"].shape == (512, 48, 48, 3)
    train_confirming(recipe, tmp_path, out, hands, initial=hands)
    assert len(searched) == 1, "it was finished"
    with pytest.raises(RecipeError, match="another initial"):
        train_confirming(recipe, tmp_path, out, hands)


def test_what_is_no_single_shot_detector_is_refused(models_dir: Path, tmp_path: Path, recipe: Path) -> None:
    with pytest.raises(BundleError, match="expected a bundle for 'hands'"):
        train_confirming(recipe, tmp_path, tmp_path / "out", models_dir / "faces")
    with pytest.raises(RecipeError, match=r"--detector .*nothing: no network of a finished training"):
        train_confirming(recipe, tmp_path, tmp_path / "out", tmp_path / "nothing")
    assert not (tmp_path / "out").exists()


def test_the_shipped_recipe_is_valid() -> None:
    shipped = read_confirm_recipe(Path(__file__).parents[2] / "convert" / "recipes" / "hands_onet.toml")
    assert all(width <= most for width, most in zip(shipped.onet.widths, ONET_WIDTHS, strict=True))


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (("[onet]", "mining_thresholds = { pnet = 0.1 }\n[onet]"), r"sources\.mine\.mining_thresholds: are for a"),
        (("[16, 32, 32, 64, 128]", "[16, 32, 32, 64]"), r"onet\.widths"),
        (("[16, 32, 32, 64, 128]", "[16, 0, 32, 64, 128]"), "needs five numbers from 1 up"),
        (("steps = 2", "steps = 0"), r"onet\.steps"),
    ],
)
def test_a_recipe_that_breaks_a_rule(
    models_dir: Path, tmp_path: Path, recipe: Path, change: tuple[str, str], said: str
) -> None:
    recipe.write_text(RECIPE.replace(*change), "utf-8")
    with pytest.raises(RecipeError, match=said):
        train_confirming(recipe, tmp_path, tmp_path / "out", models_dir / "hands")


@pytest.mark.parametrize(
    ("task", "detector", "text"), [("hands", [], RECIPE), ("emotion", ["--detector", "x"], 'task = "emotion"\n')]
)
def test_a_detector_goes_with_its_recipe(
    tmp_path: Path, recipe: Path, task: str, detector: list[str], text: str, capsys: pytest.CaptureFixture[str]
) -> None:
    recipe.write_text(text, "utf-8")
    arguments = ["train", task, "--data", str(tmp_path), "--recipe", str(recipe), "--out", str(tmp_path / "out")]
    assert main([*arguments, *detector]) != 0
    assert "--detector: is for hands by a recipe with the table [onet]" in capsys.readouterr().err
