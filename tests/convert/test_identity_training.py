"""An embedder's training: one epoch on any backend, which keeps the embedder without its head."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from convert.data.classes import LabelledImages
from convert.training.augment import make_augment
from convert.training.datasets import UNCHANGED
from convert.training.identity.pairs import draw_pairs
from convert.training.identity.prepare import PreparedPeople
from convert.training.identity.recipe import IdentityRecipe

pytest.importorskip("keras", reason="training needs Keras: install vigil[convert]")


def photos(people: int, each: int, seed: int) -> LabelledImages:
    """``each`` noisy pictures of everybody, ``(n, 16, 16, 3)``."""
    rng = np.random.default_rng(seed)
    faces = rng.integers(0, 200, (people, 16, 16, 3))
    targets = np.repeat(np.arange(people), each)
    images = faces[targets] + rng.integers(0, 40, (len(targets), 16, 16, 3))
    names = np.array([f"{seed}/{target}" for target in targets])
    return LabelledImages(tuple(f"{seed}/{i}" for i in range(people)), images.astype(np.uint8), targets, names, names)


@pytest.fixture
def recipe() -> IdentityRecipe:
    return IdentityRecipe.model_validate(
        {
            "task": "identity",
            "input": {"size": 16, "train_size": 16, "colour": "rgb"},
            "network": {"stem_width": 4, "stem_stride": 2, "stages": [{"width": 4, "blocks": 1}], "dimensions": 8},
            "optimiser": {"epochs": 2, "batch": 8, "rate": 0.1, "precision": "float32", "average_momentum": 0.5},
        }
    )


def test_the_embedder_is_kept_and_judged_by_pairs(recipe: IdentityRecipe, tmp_path: Path) -> None:
    from convert.training.identity.trainee import IdentityTrainee
    from convert.training.loop import Start, train

    augment, plain = (make_augment(table, native_size=16) for table in (recipe.augment, UNCHANGED))
    judged = photos(4, 3, seed=1)
    prepared = PreparedPeople(photos(6, 4, seed=0), judged, augment, plain, pairs=draw_pairs(judged.targets))
    network = train(IdentityTrainee(recipe, prepared), tmp_path, Start(seed=2))
    assert (network.input_shape, network.output_shape) == ((None, 16, 16, 3), (None, 8))
    assert network.output_names == ["embedding"]
    report = json.loads((tmp_path / "training.json").read_text("utf-8"))
    assert report["train"] == {"people": 6, "photos": 24}
    assert report["validation"] == {"people": 4, "photos": 12}
    assert report["same"] == report["different"] == 12
    assert report["history"][-1]["val_accuracy"] == report["accuracy"]


def test_pytorchs_kernels_normalise_vectors_as_keras_does(recipe: IdentityRecipe) -> None:
    import keras

    if keras.backend.backend() != "torch":
        pytest.skip("the fused kernels are PyTorch's; set KERAS_BACKEND=torch")
    from convert.training.identity.network import build_identity
    from convert.training.torch_kernels import use_fused_kernels

    calls = keras.layers.Conv2D.call, keras.layers.BatchNormalization.call
    embedder = build_identity(recipe)
    pixels = np.random.default_rng(0).standard_normal((3, 16, 16, 3)).astype(np.float32)
    plain = keras.ops.convert_to_numpy(embedder(pixels, training=False))
    try:
        use_fused_kernels()
        fused = keras.ops.convert_to_numpy(embedder(pixels, training=False))
    finally:
        keras.layers.Conv2D.call, keras.layers.BatchNormalization.call = calls
    np.testing.assert_allclose(fused, plain, atol=1e-4)
