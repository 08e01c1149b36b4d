"""The cascade's networks against the table of the paper."""

from __future__ import annotations

import numpy as np
import pytest

keras = pytest.importorskip("keras", reason="needs the extra 'convert'")

from convert.networks.cascade import HEADS, NETWORKS, WINDOW_SIDES, pnet  # noqa: E402

PARAMETERS = {
    "pnet": {"conv1": 280, "conv2": 1_456, "conv3": 4_640},
    # The table's 812 for conv1 counts 28 slopes with it, one a channel; ours has one slope for the layer.
    "rnet": {"conv1": 812 - 28, "conv2": 12_144, "conv3": 12_352, "dense": 73_856},
    "onet": {"conv1": 896, "conv2": 18_496, "conv3": 36_928, "conv4": 32_896, "dense": 295_168},
}
SIDES = {
    "pnet": {"pool1": 5, "conv2": 3, "conv3": 1},
    "rnet": {"pool1": 11, "pool2": 4, "conv3": 3},
    "onet": {"pool1": 23, "conv2": 12, "pool2": 10, "conv3": 8, "pool3": 4, "conv4": 3},
}


@pytest.fixture(scope="module", params=list(NETWORKS))
def network(request: pytest.FixtureRequest) -> keras.Model:
    return pnet(12, 12) if request.param == "pnet" else NETWORKS[request.param]()


def test_parameters_are_the_papers(network: keras.Model) -> None:
    counts = {name: network.get_layer(name).count_params() for name in PARAMETERS[network.name]}
    assert counts == PARAMETERS[network.name]


def test_feature_maps_are_the_papers(network: keras.Model) -> None:
    sides = {name: network.get_layer(name).output.shape[1] for name in SIDES[network.name]}
    assert sides == SIDES[network.name]


def test_every_activation_has_one_slope(network: keras.Model) -> None:
    slopes = [layer.count_params() for layer in network.layers if isinstance(layer, keras.layers.PReLU)]
    assert slopes == [1] * len(PARAMETERS[network.name])


def test_outputs_have_their_channels(network: keras.Model) -> None:
    side = WINDOW_SIDES[network.name]
    outputs = network.predict_on_batch(np.zeros((2, side, side, 3), np.float32))
    assert {name: value.reshape(2, -1).shape[1] for name, value in outputs.items()} == HEADS


def test_pnet_takes_any_size_and_steps_two_pixels() -> None:
    outputs = pnet().predict_on_batch(np.zeros((1, 20, 32, 3), np.float32))
    assert outputs["face"].shape == (1, (20 - 12) // 2 + 1, (32 - 12) // 2 + 1, 2)
