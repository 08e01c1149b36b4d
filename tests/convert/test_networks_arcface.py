"""The embedder and its angular margin, against the definition and at the ends of the range."""

from __future__ import annotations

import math

import numpy as np
import pytest

keras = pytest.importorskip("keras", reason="needs the extra 'convert'")

from convert.networks.arcface import MARGIN, SCALE, ArcFaceLoss, CosineClassifier, add_angular_margin  # noqa: E402
from convert.networks.embedder import build_embedder  # noqa: E402
from convert.networks.presets import PRESETS, Architecture, Stage, Stem  # noqa: E402


def margin_added(cosines: np.ndarray) -> np.ndarray:
    return keras.ops.convert_to_numpy(add_angular_margin(keras.ops.convert_to_tensor(cosines), MARGIN))


def test_the_papers_constants() -> None:
    assert (MARGIN, SCALE) == (0.5, 64.0)


def test_the_margin_is_an_angle() -> None:
    angles = np.linspace(0.01, math.pi - MARGIN - 0.01, 200)
    np.testing.assert_allclose(margin_added(np.cos(angles).astype("float32")), np.cos(angles + MARGIN), atol=2e-4)


def test_a_larger_angle_never_gives_a_larger_logit() -> None:
    falling = np.linspace(1, -1, 10_001, dtype=np.float32)
    found = margin_added(falling)
    assert (np.diff(found) <= 1e-6).all()
    assert (found <= falling).all()


def test_cosines_past_one_by_rounding_do_no_harm() -> None:
    found = margin_added(np.array([1 + 1e-6, 1, -1, -1 - 1e-6], np.float32))
    assert np.isfinite(found).all()
    np.testing.assert_allclose(found[:2], math.cos(MARGIN), atol=1e-3)


def test_the_loss_is_cross_entropy_of_the_moved_logits() -> None:
    random = np.random.default_rng(0)
    cosines = random.uniform(-0.7, 0.9, (6, 5)).astype(np.float32)
    people = np.array([0, 1, 2, 3, 4, 0])
    logits = SCALE * cosines.astype(np.float64)
    rows = np.arange(6)
    logits[rows, people] = SCALE * np.cos(np.arccos(cosines[rows, people].astype(np.float64)) + MARGIN)
    expected = np.log(np.exp(logits).sum(axis=1)) - logits[rows, people]
    for labels in (people, people[:, None]):
        found = keras.ops.convert_to_numpy(ArcFaceLoss(reduction=None)(labels, cosines))
        np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-4)


def test_without_margin_it_is_plain_cross_entropy() -> None:
    cosines = np.random.default_rng(1).uniform(-1, 1, (8, 3)).astype(np.float32)
    people = np.arange(8) % 3
    plain = keras.losses.SparseCategoricalCrossentropy(from_logits=True)(people, 10 * cosines)
    found = ArcFaceLoss(margin=0.0, scale=10.0)(people, cosines)
    np.testing.assert_allclose(float(found), float(plain), rtol=1e-5)


@pytest.mark.parametrize("wrong", [{"margin": -0.1}, {"margin": 2.0}, {"scale": 0.0}])
def test_a_margin_that_is_no_angle_is_refused(wrong: dict[str, float]) -> None:
    with pytest.raises(ValueError, match="Received"):
        ArcFaceLoss(**wrong)


def test_cosines_are_float32_in_mixed_precision() -> None:
    """A cosine near 1 in bfloat16 is either 0.996 or 1: the angles would be lost."""
    keras.config.set_dtype_policy("mixed_bfloat16")
    try:
        head = CosineClassifier(3)
        embeddings = np.random.default_rng(2).normal(0, 50, (4, 512)).astype(np.float32)
        found = head(keras.ops.cast(embeddings, "bfloat16"))
    finally:
        keras.config.set_dtype_policy("float32")
    assert keras.backend.standardize_dtype(found.dtype) == "float32"
    rounded = keras.ops.convert_to_numpy(keras.ops.cast(keras.ops.cast(embeddings, "bfloat16"), "float32"))
    centres = head.get_weights()[0]
    expected = (rounded / np.linalg.norm(rounded, axis=1, keepdims=True)) @ (centres / np.linalg.norm(centres, axis=0))
    np.testing.assert_allclose(keras.ops.convert_to_numpy(found), expected, atol=1e-5)


def test_an_embedding_of_zeros_has_cosines_of_zero() -> None:
    assert np.array_equal(
        keras.ops.convert_to_numpy(CosineClassifier(3)(np.zeros((1, 8), np.float32))), np.zeros((1, 3))
    )


def test_head_and_loss_survive_saving(tmp_path) -> None:
    network = keras.Sequential([keras.Input((8,)), CosineClassifier(3)])
    network.compile("sgd", ArcFaceLoss(margin=0.3, scale=16.0))
    network.save(tmp_path / "head.keras")
    again = keras.saving.load_model(tmp_path / "head.keras")
    assert (again.loss.margin, again.loss.scale) == (0.3, 16.0)
    x = np.random.default_rng(0).normal(size=(2, 8)).astype(np.float32)
    np.testing.assert_array_equal(again.predict(x, verbose=0), network.predict(x, verbose=0))


def test_the_embedder_gives_512_numbers() -> None:
    embedder = build_embedder(PRESETS["edge_strided"])
    assert embedder.input_shape == (None, 112, 112, 3)
    assert embedder.output_shape == (None, 512)


def test_the_embedding_is_float32_in_mixed_precision() -> None:
    keras.config.set_dtype_policy("mixed_bfloat16")
    try:
        embedder = build_embedder(Architecture(Stem(4, stride=2), (Stage(4, 1, 2),)), size=16, dimensions=8)
        found = embedder(np.zeros((1, 16, 16, 3), np.float32))
    finally:
        keras.config.set_dtype_policy("float32")
    assert keras.backend.standardize_dtype(found.dtype) == "float32"
