"""Residual networks: the published sizes, shortcuts where they belong, and presets that recipes can name."""

from __future__ import annotations

import math
from pathlib import Path

import pytest

from convert.networks.presets import PRESETS, Architecture, Stage, Stem
from convert.training.recipe import CropTable, NetworkTable, RecipeError, read_recipe
from edge.inference.bundle import read_manifest

ROOT = Path(__file__).parents[2]
RECIPES, MODELS = ROOT / "convert" / "recipes", ROOT / "models"

TORCHVISION = {
    "resnet18": 11_689_512,
    "resnet34": 21_797_672,
    "resnet50": 25_557_032,
    "resnet101": 44_549_160,
    "resnet152": 60_192_808,
}
"""Parameters for 1,000 classes, as torchvision 0.2x documents them for each ``ResNet*_Weights``.  It counts what is
trained; Keras' ``count_params`` adds the running mean and variance of each normalised channel."""

NORMALISED_CHANNELS = {
    "resnet18": 4_800,
    "resnet34": 8_512,
    "resnet50": 26_560,
    "resnet101": 52_672,
    "resnet152": 75_712,
}


@pytest.fixture(scope="module")
def keras():
    return pytest.importorskip("keras", reason="needs the extra 'convert'")


def build(name: str, architecture: Architecture, size: int = 224, classes: int = 1000):
    from convert.networks.resnet import build_resnet

    return build_resnet(architecture, name=name, size=size, channels=3, classes=classes)


def parameters(variables) -> int:
    return sum(math.prod(variable.shape) for variable in variables)


@pytest.mark.parametrize("name", TORCHVISION)
def test_the_standard_networks_have_the_published_parameters(keras, name: str) -> None:
    network = build(name, PRESETS[name])
    assert parameters(network.trainable_variables) == TORCHVISION[name]
    assert network.count_params() - TORCHVISION[name] == 2 * NORMALISED_CHANNELS[name]


def test_the_standard_network_shrinks_its_picture_32_times(keras) -> None:
    network = build("resnet18", PRESETS["resnet18"])
    sides = [network.get_layer(f"stage{stage}_block2_relu2").output.shape[1] for stage in (1, 2, 3, 4)]
    assert [network.get_layer("stem_relu").output.shape[1], *sides] == [112, 56, 28, 14, 7]


@pytest.mark.parametrize(
    ("stage", "block", "expected"),
    [
        (Stage(8, 1, 1), "basic", False),
        (Stage(8, 1, 2), "basic", True),
        (Stage(16, 1, 1), "basic", True),
        (Stage(2, 1, 1), "bottleneck", False),
        (Stage(8, 1, 1), "bottleneck", True),
    ],
    ids=["same", "stride changes", "channels change", "widened back to the same", "widened to more"],
)
def test_a_shortcut_has_a_convolution_where_channels_or_stride_change(keras, stage, block, expected: bool) -> None:
    network = build("one_block", Architecture(Stem(8), (stage,), block), size=8)
    shortcuts = [layer for layer in network.layers if layer.name == "stage1_block1_shortcut_conv"]
    assert bool(shortcuts) is expected
    assert all(shortcut.kernel_size == (1, 1) and shortcut.strides == (stage.stride,) * 2 for shortcut in shortcuts)


def test_the_eye_state_network_is_small(keras) -> None:
    from convert.networks.resnet import build_resnet

    network = build_resnet(PRESETS["eye_state"], name="eyes", size=24, channels=1, classes=2)
    assert network.output_shape == (None, 2)
    assert network.count_params() == 95_602


def test_a_recipe_names_a_preset() -> None:
    assert read_recipe(RECIPES / "eyes.toml").network.architecture is PRESETS["eye_state"]


def test_ones_own_gestures_go_on_with_the_shipped_network() -> None:
    shipped = read_manifest(MODELS / "gesture").training.recipe
    own = read_recipe(RECIPES / "own_gestures.toml")
    assert own.network.architecture == NetworkTable.model_validate(shipped["network"]).architecture
    assert own.input == CropTable.model_validate(shipped["input"])


def test_a_recipe_may_describe_a_network_of_its_own() -> None:
    table = NetworkTable.model_validate({"stem_width": 4, "stages": [{"width": 4, "blocks": 2}], "block": "bottleneck"})
    assert table.architecture == Architecture(Stem(4), (Stage(4, 2, 2),), "bottleneck")
    assert NetworkTable.model_validate(table.model_dump(mode="json")) == table, "as a checkpoint's report holds it"


@pytest.mark.parametrize(
    ("network", "message"),
    [
        ('preset = "resnet19"', "resnet18, resnet34"),
        ('preset = "resnet18"\nstem_width = 8', "leave out stem_width"),
        ("stem_width = 8", "either preset or stages"),
    ],
)
def test_a_recipe_of_no_network_is_refused(network: str, message: str, tmp_path: Path) -> None:
    text = (RECIPES / "eyes.toml").read_text("utf-8").replace('preset = "eye_state"', network)
    (tmp_path / "eyes.toml").write_text(text, "utf-8")
    with pytest.raises(RecipeError, match=message):
        read_recipe(tmp_path / "eyes.toml")
