"""A bundle's network, where a training takes it up."""

from __future__ import annotations

import json
import logging
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest

keras = pytest.importorskip("keras", reason="training needs Keras: install vigil[convert]")

from convert.data.classes import LabelledImages  # noqa: E402
from convert.training.augment import make_augment  # noqa: E402
from convert.training.checkpoint import values_of  # noqa: E402
from convert.training.datasets import Prepared  # noqa: E402
from convert.training.distillation import taught  # noqa: E402
from convert.training.finished import load_finished  # noqa: E402
from convert.training.from_bundle import FileWeights, bundle_network  # noqa: E402
from convert.training.loop import Start, train_classifier  # noqa: E402
from convert.training.normalizations import restore_statistics  # noqa: E402
from convert.training.recipe import Recipe, RecipeError, TeacherTable  # noqa: E402
from edge.inference import load_bundle  # noqa: E402

TASK = "eyes"


@pytest.fixture
def crops(models_dir: Path) -> np.ndarray:
    """The golden inputs ``(n, 24, 24, 1)`` uint8."""
    return np.load(models_dir / TASK / "golden.npz")[f"{TASK}/input"]


def answers(network: Any, pixels: np.ndarray) -> np.ndarray:
    return keras.ops.convert_to_numpy(network(pixels, training=False))


def normalised(crops: np.ndarray, models_dir: Path) -> np.ndarray:
    return load_bundle(models_dir / TASK).manifest.networks[TASK].input.normalise(crops)


def test_its_float_network_answers_as_the_one_before_int8_did(models_dir: Path, crops: np.ndarray) -> None:
    golden = np.load(models_dir / TASK / "golden.npz")[f"{TASK}/logits/float"]
    network = load_finished(models_dir / TASK, "--teacher")
    assert network.input_shape == (None, 24, 24, 1)
    np.testing.assert_allclose(answers(network, normalised(crops, models_dir)), golden, atol=0.02 * np.ptp(golden))


def test_statistics_change_no_answer_and_are_those_of_the_pictures(models_dir: Path, crops: np.ndarray) -> None:
    network, pixels = bundle_network(models_dir / TASK, "--initial"), normalised(crops, models_dir)
    before = answers(network, pixels)
    restore_statistics(network, [pixels])
    np.testing.assert_allclose(answers(network, pixels), before, atol=1e-4)
    norm = network.get_layer("stem_norm")
    reached = keras.Model(network.input, norm.input)(pixels)
    by_batch, by_statistics = (
        keras.ops.convert_to_numpy(norm(reached, training=training)) for training in (True, False)
    )
    np.testing.assert_allclose(by_batch, by_statistics, atol=1e-3)


def short_training(models_dir: Path, labels: tuple[str, ...]) -> tuple[Recipe, Prepared]:
    """The recipe of the shipped bundle for other ``labels``, with a single step too small to move anything."""
    made_by = json.loads((models_dir / TASK / "manifest.json").read_text("utf-8"))["training"]["recipe"]
    table = {
        **made_by["optimiser"],
        "epochs": 1,
        "samples_per_epoch": 16,
        "batch": 16,
        "rate": 1e-9,
        "precision": "float32",
    }
    recipe = Recipe.model_validate({**made_by, "labels": labels, "optimiser": table, "sampling": None})
    images = np.random.default_rng(0).integers(0, 256, (16, 24, 24, 1), np.uint8)
    names = np.array([str(number) for number in range(16)])
    labelled = LabelledImages(labels, images, np.arange(16) % len(labels), names, names)
    augment = make_augment(recipe.augment, native_size=24)
    return recipe, Prepared(labelled, labelled, augment, augment, None)


def test_a_training_begins_with_a_bundle(models_dir: Path, crops: np.ndarray, tmp_path: Path) -> None:
    recipe, prepared = short_training(models_dir, ("closed", "open"))
    begun = train_classifier(recipe, prepared, tmp_path, Start(initial=[models_dir / TASK]))
    golden = np.load(models_dir / TASK / "golden.npz")[f"{TASK}/logits/float"]
    # Its normalizations' statistics have moved by one batch of noise.
    assert np.corrcoef(answers(begun, normalised(crops, models_dir)).ravel(), golden.ravel())[0, 1] > 0.9
    assert len(json.loads((tmp_path / "training.json").read_text("utf-8"))["initial"]) == 64


def test_with_other_labels_only_the_last_layer_begins_anew(
    models_dir: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    recipe, prepared = short_training(models_dir, ("closed", "half", "open"))
    with caplog.at_level(logging.INFO):
        begun = train_classifier(recipe, prepared, tmp_path, Start(initial=[models_dir / TASK]))
    assert "the last layer begins anew" in caplog.text
    kernels = [values_of(network.get_layer("stem_conv").weights)[0] for network in (begun, bundled(models_dir))]
    np.testing.assert_allclose(*kernels, atol=1e-5)
    assert begun.output_shape == (None, 3)


def bundled(models_dir: Path) -> Any:
    return bundle_network(models_dir / TASK, "--initial")


@pytest.mark.parametrize("option", ["--initial", "--teacher"])
def test_a_bundle_that_knows_other_pixels_is_refused(models_dir: Path, tmp_path: Path, option: str) -> None:
    recipe, prepared = short_training(models_dir, ("closed", "open"))
    pixels = recipe.input.model_copy(update={"mean": 0.0})
    darker = recipe.model_copy(update={"input": pixels, "teacher": TeacherTable(weight=0.5)})
    begin = {
        "--initial": lambda: train_classifier(darker, prepared, tmp_path / "out", Start(initial=[models_dir / TASK])),
        "--teacher": lambda: taught(prepared, darker, tmp_path, [models_dir / TASK]),
    }[option]
    with pytest.raises(RecipeError, match=rf"{option} .*eyes: its network was trained with input.mean = 127.5, .* 0.0"):
        begin()
    assert not list(tmp_path.iterdir())


def cosines(embeddings: np.ndarray, others: np.ndarray) -> np.ndarray:
    lengths = np.linalg.norm(embeddings, axis=1) * np.linalg.norm(others, axis=1)
    return (embeddings * others).sum(axis=1) / lengths


def test_an_embedder_answers_as_its_bundle_also_by_other_statistics(models_dir: Path) -> None:
    golden, bundle = np.load(models_dir / "identity" / "golden.npz"), load_bundle(models_dir / "identity")
    said = golden["identity/embedding/float"]
    pixels = bundle.manifest.networks["identity"].input.normalise(golden["identity/input"])
    network = load_finished(models_dir / "identity", "--initial")
    assert cosines(answers(network, pixels), said).min() > 0.999
    restore_statistics(network, [pixels])
    assert cosines(answers(network, pixels), said).min() > 0.999


def test_an_embedder_teaches_no_classes(models_dir: Path, tmp_path: Path) -> None:
    recipe, prepared = short_training(models_dir, ("closed", "open"))
    taught_by = recipe.model_copy(update={"teacher": TeacherTable(weight=0.5)})
    with pytest.raises(RecipeError, match=r"--teacher .*identity: .* knows no classes"):
        taught(prepared, taught_by, tmp_path, [models_dir / "identity"])


def test_a_detector_is_refused(models_dir: Path) -> None:
    with pytest.raises(
        RecipeError, match=r"--initial .*faces: this is a bundle for 'faces'; of bundles only those of one network"
    ):
        bundle_network(models_dir / "faces", "--initial")


def test_weights_under_other_names_are_refused(models_dir: Path) -> None:
    weights = FileWeights((models_dir / TASK / f"{TASK}.tflite").read_bytes())
    with pytest.raises(RecipeError, match="names 0 tensors of int8 after the layer 'stem', there should be one"):
        weights.kernel("stem")


def test_a_bundle_without_a_recipe_is_refused(models_dir: Path, tmp_path: Path) -> None:
    imported = shutil.copytree(models_dir / TASK, tmp_path / TASK)
    manifest = json.loads((imported / "manifest.json").read_text("utf-8"))
    manifest["training"]["recipe"] = {"source": "elsewhere.keras"}
    (imported / "manifest.json").write_text(json.dumps(manifest), "utf-8")
    with pytest.raises(RecipeError, match="made by no recipe"):
        bundle_network(imported, "--teacher")
