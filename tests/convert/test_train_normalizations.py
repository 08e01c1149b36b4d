"""The statistics of normalizations, measured for weights that no batch was normalized with."""

from __future__ import annotations

import numpy as np
import pytest

keras = pytest.importorskip("keras", reason="training needs Keras: install vigil[convert]")

from convert.networks.presets import Architecture, Stage, Stem  # noqa: E402
from convert.networks.resnet import build_resnet  # noqa: E402
from convert.training.normalizations import refresh_statistics  # noqa: E402


@pytest.fixture
def network() -> keras.Model:
    """A small residual network that has normalized no batch yet."""
    architecture = Architecture(Stem(8), (Stage(8, 1, 2), Stage(12, 1, 2)), "basic")
    return build_resnet(architecture, name="test", size=None, channels=1, classes=3, dropout=0.0)


def answers(network: keras.Model, pixels: np.ndarray, *, training: bool) -> np.ndarray:
    return keras.ops.convert_to_numpy(network(pixels, training=training))


def test_it_answers_as_where_it_normalizes_by_the_batch_itself(network: keras.Model) -> None:
    pixels = np.random.default_rng(0).normal(0.3, 0.5, (16, 24, 24, 1)).astype(np.float32)
    by_batch = answers(network, pixels, training=True)
    assert not np.allclose(answers(network, pixels, training=False), by_batch, atol=1e-2)
    refresh_statistics(network, [pixels])
    np.testing.assert_allclose(answers(network, pixels, training=False), by_batch, atol=1e-4)


def test_all_batches_count_alike_and_no_weight_is_touched(network: keras.Model) -> None:
    rng = np.random.default_rng(1)
    dark, bright = (rng.normal(mean, 0.1, (8, 24, 24, 1)).astype(np.float32) for mean in (-0.5, 0.5))
    before = [np.array(values) for values in network.trainable_weights]
    refresh_statistics(network, [dark, bright])
    norm = network.get_layer("stem_norm")
    reached = [
        keras.ops.convert_to_numpy(keras.Model(network.inputs[0], norm.input)(pixels)) for pixels in (dark, bright)
    ]
    np.testing.assert_allclose(norm.get_weights()[2], np.concatenate(reached).mean(axis=(0, 1, 2)), atol=1e-5)
    np.testing.assert_allclose(norm.get_weights()[3], np.concatenate(reached).var(axis=(0, 1, 2)), rtol=1e-4)
    for old, new in zip(before, network.trainable_weights, strict=True):
        np.testing.assert_array_equal(old, keras.ops.convert_to_numpy(new))
