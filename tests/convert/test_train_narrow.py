"""A narrower network from a wider one, and crops of which a network sees the middle."""

from __future__ import annotations

import numpy as np
import pytest

keras = pytest.importorskip("keras", reason="training needs Keras: install vigil[convert]")

from pydantic import ValidationError  # noqa: E402

from convert.networks.presets import Architecture, Stage, Stem  # noqa: E402
from convert.networks.resnet import build_resnet  # noqa: E402
from convert.training.checkpoint import values_of  # noqa: E402
from convert.training.finished import InitialWeights  # noqa: E402
from convert.training.narrow import narrowed  # noqa: E402
from convert.training.recipe import Recipe, RecipeError  # noqa: E402

WIDE, NARROW, OTHER = 12, 8, 16


def network(width: int, inner: int | None) -> keras.Model:
    architecture = Architecture(Stem(8), (Stage(width, 2, 2, inner),), "basic")
    return build_resnet(architecture, name="test", size=None, channels=1, classes=3)


def answers(of: keras.Model, pixels: np.ndarray) -> np.ndarray:
    return keras.ops.convert_to_numpy(of(pixels, training=False))


@pytest.fixture
def pixels() -> np.ndarray:
    return np.random.default_rng(0).normal(size=(4, 16, 16, 1)).astype(np.float32)


def test_channels_that_say_nothing_go_first(pixels: np.ndarray) -> None:
    keras.utils.set_random_seed(0)
    wide, narrow = network(WIDE, None), network(WIDE, NARROW)
    silent = [0, 3, 4, 11]
    for block in ("stage1_block1", "stage1_block2"):
        norm = wide.get_layer(f"{block}_conv1_norm")
        gamma, beta, *statistics = values_of(norm.weights)
        gamma[silent], beta[silent] = 0, 0
        norm.set_weights([gamma, beta, *statistics])
    narrow.set_weights(narrowed(narrow, values_of(wide.weights)))
    np.testing.assert_allclose(answers(narrow, pixels), answers(wide, pixels), atol=1e-5)


def test_a_network_of_the_same_widths_stays_as_it_is() -> None:
    one, other = network(WIDE, NARROW), network(WIDE, NARROW)
    for given, kept in zip(values_of(one.weights), narrowed(other, values_of(one.weights)), strict=True):
        np.testing.assert_array_equal(given, kept)


@pytest.mark.parametrize(("width", "inner"), [(OTHER, NARROW), (WIDE, OTHER)])
def test_what_is_no_part_of_the_wider_one_is_refused(width: int, inner: int) -> None:
    with pytest.raises(RecipeError, match="must be a training of the recipe's own network"):
        InitialWeights(network(width, inner), values_of(network(WIDE, None).weights))


RECIPE = {
    "task": "emotion",
    "dataset": "fer2013",
    "labels": ("a", "b"),
    "input": {"size": 40, "margin": 4, "second_look_below": 2.0, "train_size": 40, "colour": "grey"},
    "network": {"stages": [{"width": 8, "inner": 4, "blocks": 1}]},
    "optimiser": {"epochs": 1, "batch": 2, "rate": 0.1},
}


def test_a_whole_crop_has_its_margin() -> None:
    recipe = Recipe.model_validate(RECIPE)
    assert recipe.input.whole == 48
    assert recipe.network.architecture.stages[0].inner == 4


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        ({"dataset": "eyes"}, "input.margin is for fer2013 and ferplus"),
        ({"augment": {"mirror": False}}, "input.second_look_below needs augment.mirror"),
        ({"network": {"block": "bottleneck", "stages": [{"width": 8, "inner": 4, "blocks": 1}]}}, "stages.inner"),
    ],
)
def test_views_and_widths_that_fit_nothing_are_refused(change: dict[str, object], fault: str) -> None:
    with pytest.raises(ValidationError, match=fault):
        Recipe.model_validate({**RECIPE, **change})
