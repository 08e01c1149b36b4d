"""The end of a stage's training at int8's levels."""

from __future__ import annotations

import numpy as np
import pytest

keras = pytest.importorskip("keras", reason="training needs Keras: install vigil[convert]")

from convert.networks.cascade import rnet  # noqa: E402
from convert.quantize.aware import aware_network  # noqa: E402
from convert.training.cascade.augment import Jitter  # noqa: E402
from convert.training.cascade.fit import Fit  # noqa: E402
from convert.training.cascade.int8 import fit_for_int8  # noqa: E402
from convert.training.cascade.samples import NEGATIVE, PART, POSITIVE, Samples  # noqa: E402


@pytest.fixture(scope="module")
def samples() -> Samples:
    rng = np.random.default_rng(0)
    kinds = np.repeat(np.array([POSITIVE, PART, NEGATIVE], np.int8), 8)
    crops = rng.integers(0, 255, (24, 24, 24, 3), dtype=np.uint8)
    box = rng.uniform(-0.1, 0.1, (24, 4)).astype(np.float32)
    return Samples(crops, kinds, box, rng.random((24, 10), np.float32), kinds != NEGATIVE)


def test_weights_and_slopes_learn_and_the_network_stays_the_papers(samples: Samples) -> None:
    network = rnet()
    shares, weights = {POSITIVE: 0.4, PART: 0.2, NEGATIVE: 0.4}, {"face": 1.0, "box": 0.5, "landmarks": 1.0}
    fit = Fit(4, 12, 1e-2, shares, weights, Jitter(0.05, 0.05), average=0.5, epochs=2)
    tuned = fit_for_int8(network, samples, fit, steps=4, seed=1)
    assert [layer.name for layer in tuned.layers] == [layer.name for layer in network.layers]
    assert tuned.count_params() == network.count_params()
    before, after = network.get_weights(), tuned.get_weights()
    assert all((old != new).any() for old, new in zip(before, after, strict=True))


def test_a_network_at_int8_levels_answers_nearly_the_same(samples: Samples) -> None:
    network = rnet()
    inputs = (samples.crops.astype(np.float32) - 127.5) / 128
    exact, rounded = network(inputs), aware_network(network, inputs)(inputs)
    for name, values in exact.items():
        values, near = keras.ops.convert_to_numpy(values), keras.ops.convert_to_numpy(rounded[name])
        assert 0 < np.abs(values - near).max() < 0.15 * np.ptp(values)
