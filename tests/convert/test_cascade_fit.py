"""The losses of a cascade's training."""

from __future__ import annotations

import numpy as np
import pytest

keras = pytest.importorskip("keras", reason="training needs Keras: install vigil[convert]")

from convert.networks.cascade import rnet  # noqa: E402
from convert.training.cascade.fit import Batches, Fit, Trainer, hardest_mean, masked_huber  # noqa: E402
from convert.training.cascade.samples import NEGATIVE, PART, POSITIVE, Samples  # noqa: E402
from convert.training.recipe import PixelsTable  # noqa: E402

KINDS = np.array([POSITIVE, PART, NEGATIVE], np.float32)


def number(tensor: object) -> float:
    return float(keras.ops.convert_to_numpy(tensor))


@pytest.mark.parametrize("delta", [0.1, 0.01])
def test_huber_is_quadratic_below_its_delta_and_linear_above(delta: float) -> None:
    errors = np.array([[delta / 2, -delta], [3 * delta, 0.0]], np.float32)
    losses = [number(masked_huber(errors, 0 * errors, mask, delta)) for mask in np.eye(2, dtype=np.float32)]
    np.testing.assert_allclose(losses, [(0.125 + 0.5) * delta, 2.5 * delta], rtol=1e-5)


def test_only_the_hardest_windows_count() -> None:
    losses = np.array([1.0, 4.0, 2.0, 8.0, 16.0], np.float32)
    judged = np.array([1, 1, 1, 1, 0], np.float32)
    assert number(hardest_mean(losses, judged, keep=0.5)) == pytest.approx((8 + 4) / 2)


def landmarks_loss(delta: float, error: float) -> float:
    """The whole loss where nothing but the points is off, by ``error`` in one coordinate of each window."""
    shares = {POSITIVE: 0.4, PART: 0.2, NEGATIVE: 0.4}
    weights = {"face": 0.0, "box": 0.0, "landmarks": 1.0}
    trainer = Trainer(rnet(), Fit(1, 3, 1e-3, shares, weights, landmarks_delta=delta))
    points = np.zeros((3, 10), np.float32)
    known = (KINDS != NEGATIVE).astype(np.float32)
    true = {"kind": KINDS, "box": np.zeros((3, 4), np.float32), "landmarks": points, "has_landmarks": known}
    off = points.copy()
    off[:, 0] = error
    found = {"face": np.zeros((3, 2), np.float32), "box": true["box"], "landmarks": off}
    return number(trainer.compute_loss(y=true, y_pred=found))


def test_a_point_counts_by_its_own_delta() -> None:
    assert landmarks_loss(0.1, 0.02) == pytest.approx(0.002)
    assert landmarks_loss(0.01, 0.02) == pytest.approx(0.015)


def sharpness(pixels: PixelsTable | None) -> float:
    """Mean difference of neighbouring pixels in batches of windows of noise."""
    n = 64
    rng = np.random.default_rng(0)
    samples = Samples(
        crops=rng.integers(0, 256, (n, 24, 24, 3), np.uint8),
        kind=np.full(n, POSITIVE, np.int8),
        box=np.zeros((n, 4), np.float32),
        landmarks=np.zeros((n, 10), np.float32),
        has_landmarks=np.zeros(n, bool),
    )
    fit = Fit(10, n, 1e-3, {POSITIVE: 1.0}, {}, pixels=pixels)
    images, _ = Batches(samples, fit, seed=0)[0]
    assert images.shape == (n, 24, 24, 3)
    return float(np.abs(np.diff(images, axis=2)).mean())


def test_windows_are_changed_as_the_recipe_says() -> None:
    assert sharpness(PixelsTable(motion=1, smear=0.3)) < 0.8 * sharpness(None)
