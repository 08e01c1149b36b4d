"""Units of a dense layer brought to one range."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

keras = pytest.importorskip("keras", reason="conversion needs Keras: install vigil[convert]")

from keras import layers  # noqa: E402

from convert.networks.cascade import pnet, rnet  # noqa: E402
from convert.quantize.equalise import LEAST_FACTOR, NEGATIVE_SHARE, STEP, equalised  # noqa: E402


@pytest.fixture
def windows() -> np.ndarray:
    return np.random.default_rng(0).uniform(-1, 1, (80, 24, 24, 3)).astype(np.float32)


@pytest.fixture
def uneven() -> keras.Model:
    """R-Net, of whose units some reach ten times as far as others and more, and one hardly fires."""
    keras.utils.set_random_seed(0)
    network = rnet()
    dense = network.get_layer("dense")
    kernel, bias = dense.get_weights()
    reach = np.geomspace(1, 10, kernel.shape[1]).astype(np.float32)
    reach[0] = 1e-3
    dense.set_weights([kernel * reach, bias + reach / 10])
    for head in ("face", "box", "landmarks"):
        kernel, bias = network.get_layer(head).get_weights()
        network.get_layer(head).set_weights([kernel / np.maximum(reach, 1)[:, None], bias])
    return network


def answers(network: keras.Model, inputs: np.ndarray) -> dict[str, np.ndarray]:
    return {name: keras.ops.convert_to_numpy(value) for name, value in network(inputs, training=False).items()}


def hidden(network: keras.Model, inputs: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Before and after the PReLU."""
    probe = keras.Model(network.inputs[0], [network.get_layer(name).output for name in ("dense", "dense_prelu")])
    before, after = probe(inputs, training=False)
    return keras.ops.convert_to_numpy(before), keras.ops.convert_to_numpy(after)


def test_the_answers_stay_the_same(uneven: keras.Model, windows: np.ndarray) -> None:
    before, after = answers(uneven, windows), answers(equalised(uneven, windows), windows)
    assert before.keys() == after.keys()
    for name, values in before.items():
        np.testing.assert_allclose(after[name], values, atol=1e-4 * np.ptp(values))


def reach(network: keras.Model, inputs: np.ndarray) -> np.ndarray:
    before, after = hidden(network, inputs)
    return np.maximum(np.abs(after).max(axis=0), -NEGATIVE_SHARE * before.min(axis=0))


def test_units_reach_equally_far_unless_they_hardly_fire(uneven: keras.Model, windows: np.ndarray) -> None:
    old, new = reach(uneven, windows), reach(equalised(uneven, windows), windows)
    usual = old >= LEAST_FACTOR * old.max()
    assert 0.9 < usual.mean() < 1
    assert (new[usual] > new.max() * 2 ** -(STEP * 1.01)).all(), "within half a step either way"
    assert (new[~usual] < new.max()).all()


def heads_after_rounding(network: keras.Model, inputs: np.ndarray) -> np.ndarray:
    """The box where what the heads read is rounded to the levels of one int8 scale."""
    _, values = hidden(network, inputs)
    scale = (values.max() - min(values.min(), 0)) / 255
    kernel, bias = network.get_layer("box").get_weights()
    return np.rint(values / scale) * scale @ kernel + bias


def test_rounding_to_int8_costs_less(uneven: keras.Model, windows: np.ndarray) -> None:
    exact = answers(uneven, windows)["box"]
    errors = [
        np.abs(heads_after_rounding(network, windows) - exact).mean()
        for network in (uneven, equalised(uneven, windows))
    ]
    assert errors[1] < errors[0] / 2


def two_dense(activation: Any, *, further: bool = False) -> keras.Model:
    image = keras.Input((4,), name="image")
    x = activation(layers.Dense(3)(image))
    outputs = {"one": layers.Dense(2, name="one")(x)}
    return keras.Model(image, {**outputs, "hidden": x} if further else outputs)


@pytest.mark.parametrize(
    "activation",
    [
        layers.PReLU(alpha_initializer=keras.initializers.RandomUniform(-0.2, 0.9)),
        layers.LeakyReLU(negative_slope=0.1),
        layers.ReLU(),
    ],
    ids=["slopes", "leaky", "relu"],
)
def test_every_activation_that_lets_factors_through_will_do(activation: Any) -> None:
    network, inputs = two_dense(activation), np.random.default_rng(2).normal(size=(9, 4)).astype(np.float32)
    changed = equalised(network, inputs)
    assert changed is not network
    np.testing.assert_allclose(answers(changed, inputs)["one"], answers(network, inputs)["one"], atol=1e-5)


@pytest.mark.parametrize(
    "network",
    [
        two_dense(layers.Activation("tanh")),
        two_dense(layers.ReLU(max_value=6.0)),
        two_dense(layers.PReLU(shared_axes=[1]), further=True),  # its units are an answer themselves
    ],
    ids=["tanh", "relu6", "output"],
)
def test_other_layers_are_left_alone(network: keras.Model) -> None:
    assert equalised(network, np.zeros((2, 4), np.float32)) is network


def test_a_network_without_dense_layers_is_left_alone(windows: np.ndarray) -> None:
    network = pnet(12, 12)
    assert equalised(network, windows[:, :12, :12]) is network
