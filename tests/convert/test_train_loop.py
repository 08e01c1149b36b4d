"""Tiny trainings, what they leave behind and refuse, and the command line's messages."""

from __future__ import annotations

import json
import logging
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from train_samples import CROPS, make_prepared, make_recipe

from convert.cli import build_parser, main
from convert.data.errors import DataError
from convert.training.errors import ResumeError
from convert.training.recipe import EarlyStopTable, RecipeError, read_recipe

RECIPES = sorted((Path(__file__).parents[2] / "convert" / "recipes").glob("*.toml"))
CLASSIFIER_RECIPES = [file for file in RECIPES if file.stem in {"emotion", "eyes", "gesture", "leap"}]


@pytest.fixture
def keras() -> Any:
    return pytest.importorskip("keras", reason="training needs Keras: install vigil[convert]")


def test_a_network_trains_and_leaves_network_report_and_logs(keras, tmp_path: Path, caplog) -> None:
    from convert.training.loop import NETWORK_FILE, Start, train_classifier
    from convert.training.report import REPORT_FILE

    recipe = make_recipe(epochs=2)
    with caplog.at_level(logging.INFO):
        train_classifier(recipe, make_prepared(recipe), tmp_path, Start(seed=4))
    assert keras.saving.load_model(tmp_path / NETWORK_FILE).input_shape == (None, 12, 12, 1)
    report = json.loads((tmp_path / REPORT_FILE).read_text("utf-8"))
    assert report["seed"] == 4
    assert report["train"] == {"closed": 42, "open": 22}
    assert sum(map(sum, report["confusion"])) == CROPS
    assert [row["epoch"] for row in report["history"]] == [1, 2]
    assert 0 <= report["waiting"] <= 1
    assert report["peak_memory_mib"] > 50
    assert (tmp_path / "epochs.csv").read_text("utf-8").count("\n") == 3
    assert any("tfevents" in file.name for file in (tmp_path / "tensorboard").iterdir())
    lines = [record.getMessage() for record in caplog.records]
    assert any("epoch 1/2" in line and "waiting for data" in line and "left" in line for line in lines)
    assert not list(tmp_path.glob(".partial*"))


def test_early_stop_keeps_the_best_network(keras, tmp_path: Path) -> None:
    from convert.training.loop import Start, train_classifier

    table = EarlyStopTable(patience_epochs=2, min_change=100, held_out=0.3)
    recipe = make_recipe(epochs=9).model_copy(update={"early_stop": table})
    train_classifier(recipe, make_prepared(recipe), tmp_path, Start())
    report = json.loads((tmp_path / "training.json").read_text("utf-8"))
    assert (report["epochs"], report["best_epoch"]) == (3, 1)
    train_classifier(recipe, make_prepared(recipe), tmp_path, Start(resume=True))
    again = json.loads((tmp_path / "training.json").read_text("utf-8"))
    assert again["history"] == report["history"]


@pytest.mark.parametrize("precision", ["mixed_bfloat16", "mixed_float16"])
def test_mixed_precision_trains_and_exports_float32(keras, tmp_path: Path, precision: str) -> None:
    from convert.training.loop import Start, train_classifier

    recipe = make_recipe(epochs=1, precision=precision)
    network = train_classifier(recipe, make_prepared(recipe), tmp_path, Start())
    assert {str(weight.dtype) for weight in network.weights} == {"float32"}
    assert network.dtype_policy.name == "float32"


def test_a_training_begins_with_the_weights_of_a_finished_one(keras, tmp_path: Path) -> None:
    from convert.training.loop import Start, train_classifier

    first, second = tmp_path / "first", tmp_path / "second"
    recipe = make_recipe(epochs=1)
    finished = train_classifier(recipe, make_prepared(recipe), first, Start(seed=1))
    still = make_recipe(epochs=1, rate=1e-9)
    begun = train_classifier(still, make_prepared(still), second, Start(seed=2, initial=[first]))
    for before, after in zip(finished.trainable_weights, begun.trainable_weights, strict=True):
        np.testing.assert_allclose(keras.ops.convert_to_numpy(after), keras.ops.convert_to_numpy(before), atol=1e-4)
    report = json.loads((second / "training.json").read_text("utf-8"))
    assert len(report["initial"]) == 64
    with pytest.raises(RecipeError, match=r"initial was '.{64}', is now None"):
        train_classifier(still, make_prepared(still), second, Start(seed=2, resume=True))


def test_a_training_begins_with_the_mean_of_several(keras, tmp_path: Path) -> None:
    from convert.training.loop import Start, train_classifier

    recipe, still = make_recipe(epochs=1), make_recipe(epochs=1, rate=1e-9)
    folders = [tmp_path / "first", tmp_path / "second"]
    parents = [train_classifier(recipe, make_prepared(recipe), out, Start(seed)) for seed, out in enumerate(folders)]
    begun = train_classifier(still, make_prepared(still), tmp_path / "mean", Start(initial=folders))
    for after, *before in zip(*(network.trainable_weights for network in (begun, *parents)), strict=True):
        mean = np.mean([keras.ops.convert_to_numpy(weight) for weight in before], axis=0)
        np.testing.assert_allclose(keras.ops.convert_to_numpy(after), mean, atol=1e-4)
    report = json.loads((tmp_path / "mean" / "training.json").read_text("utf-8"))
    assert report["beginnings"] == 2


def test_the_mean_is_taken_of_networks_of_one_kind_only() -> None:
    from convert.training.finished import mean_weights

    with pytest.raises(RecipeError, match=r"--initial: several trainings must be of the same network, .* of 6, 4 num"):
        mean_weights([[np.zeros((2, 3), np.float32)], [np.zeros((2, 2), np.float32)]])


def test_weights_of_another_network_are_no_beginning(keras, tmp_path: Path) -> None:
    from convert.training.loop import Start, train_classifier

    first = make_recipe(epochs=1)
    train_classifier(first, make_prepared(first), tmp_path / "first", Start())
    network = first.network.model_copy(update={"stem_width": 8})
    wider = first.model_copy(update={"network": network})
    with pytest.raises(RecipeError, match="--initial: must be a training of the recipe's own network"):
        train_classifier(wider, make_prepared(wider), tmp_path / "second", Start(initial=[tmp_path / "first"]))
    with pytest.raises(RecipeError, match="no network of a finished training"):
        train_classifier(first, make_prepared(first), tmp_path / "third", Start(initial=[tmp_path]))


def test_an_interrupted_training_is_not_overwritten_unasked(keras, tmp_path: Path) -> None:
    from convert.training.checkpoint import CHECKPOINT_FILE, Checkpoint, Progress, identity, write_checkpoint
    from convert.training.loop import Start, train_classifier

    recipe = make_recipe(epochs=1)
    prepared = make_prepared(recipe)
    file = tmp_path / CHECKPOINT_FILE
    write_checkpoint(file, Checkpoint(identity(recipe, 0, prepared.train), Progress(epochs=1)))
    before = file.read_bytes()
    with pytest.raises(RecipeError, match="interrupted after epoch 1; go on with --resume"):
        train_classifier(recipe, prepared, tmp_path, Start())
    with pytest.raises(RecipeError, match=r"seed was 0, is now 5; recipe\.optimiser\.rate was 0\.05|optimiser.rate"):
        train_classifier(make_recipe(epochs=1, rate=0.1), prepared, tmp_path, Start(seed=5, resume=True))
    with pytest.raises(ResumeError, match="weights of another network"):
        train_classifier(recipe, prepared, tmp_path, Start(resume=True))
    assert file.read_bytes() == before
    train_classifier(recipe, prepared, tmp_path, Start(restart=True))
    assert file.read_bytes() != before


def test_a_damaged_checkpoint_is_named(tmp_path: Path) -> None:
    pytest.importorskip("keras", reason="training needs Keras: install vigil[convert]")
    from convert.training.loop import Start, train_classifier

    (tmp_path / "checkpoint.npz").write_bytes(b"PK no archive")
    recipe = make_recipe()
    with pytest.raises(ResumeError, match=r"checkpoint\.npz: not a checkpoint"):
        train_classifier(recipe, make_prepared(recipe), tmp_path, Start(resume=True))


def test_too_few_crops_are_an_error(keras, tmp_path: Path) -> None:
    from convert.training.loop import Start, train_classifier

    recipe = make_recipe(batch=CROPS + 1)
    prepared = make_prepared(recipe)
    with pytest.raises(DataError, match="fewer than one batch of 65"):
        train_classifier(recipe, prepared, tmp_path / "out", Start())
    nothing = replace(prepared, validation=prepared.train.take(np.zeros(CROPS, bool)))
    with pytest.raises(DataError, match="validation data: none"):
        train_classifier(make_recipe(), nothing, tmp_path / "out", Start())
    assert not (tmp_path / "out").exists()


def test_a_rate_that_diverges_stops_the_training(keras, tmp_path: Path) -> None:
    from convert.training.loop import Start, train_classifier

    recipe = make_recipe(rate=1e30, warmup_epochs=0)
    with pytest.raises(RecipeError, match="the loss is nan after epoch"):
        train_classifier(recipe, make_prepared(recipe), tmp_path, Start())


def test_the_fused_kernels_compute_what_keras_does(keras) -> None:
    if keras.backend.backend() != "torch":
        pytest.skip("the fused kernels are PyTorch's; set KERAS_BACKEND=torch")
    from convert.networks.detector import build_detector
    from convert.training import torch_kernels
    from convert.training.network import build_network

    routed = (keras.layers.Conv2D, keras.layers.BatchNormalization, keras.layers.UpSampling2D)
    plain_calls = [layer.call for layer in routed]
    normal = np.random.default_rng(0).standard_normal
    recipe = make_recipe()
    cases = [
        (lambda: build_network(recipe, None), normal((2, 11, 10, 1)).astype(np.float32)),
        (build_detector, normal((1, 64, 96, 3)).astype(np.float32)),
    ]
    plain = [build() for build, _ in cases]
    expected = [network(pixels) for network, (_, pixels) in zip(plain, cases, strict=True)]
    try:
        torch_kernels.use_fused_kernels()
        for (build, pixels), network, outputs in zip(cases, plain, expected, strict=True):
            fused = build()
            fused.set_weights(network.get_weights())
            pairs = zip(keras.tree.flatten(fused(pixels)), keras.tree.flatten(outputs), strict=True)
            for found, wanted in pairs:
                to_numpy = keras.ops.convert_to_numpy
                np.testing.assert_allclose(to_numpy(found), to_numpy(wanted), atol=1e-5)
    finally:
        for layer, call in zip(routed, plain_calls, strict=True):
            layer.call = call


@pytest.mark.parametrize("file", CLASSIFIER_RECIPES, ids=lambda file: file.stem)
def test_a_shipped_recipe_is_valid_and_for_its_task(file: Path) -> None:
    recipe = read_recipe(file)
    assert recipe.input.train_size <= recipe.input.size


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (("epochs = 56", "epochs = 0"), r"optimiser\.epochs: .*greater than 0.*received 0"),
        (("epochs = 56", "epoch = 32"), r"optimiser\.epoch"),
        (("[input]", "[input"), "not valid TOML"),
    ],
)
def test_a_wrong_recipe_names_key_rule_and_value(tmp_path: Path, change: tuple[str, str], message: str) -> None:
    emotion = next(file for file in RECIPES if file.stem == "emotion").read_text("utf-8")
    assert change[0] in emotion
    file = tmp_path / "recipe.toml"
    file.write_text(emotion.replace(*change), "utf-8")
    with pytest.raises(RecipeError, match=message):
        read_recipe(file)


def test_help_lists_the_commands() -> None:
    assert "train" in build_parser().format_help()


@pytest.mark.parametrize(
    ("task", "data", "recipe", "status", "message"),
    [
        ("emotion", "absent", "emotion", 66, "no such folder"),
        ("emotion", ".", "emotion", 66, "expected one subfolder a class"),
        ("gesture", ".", "emotion", 78, "this recipe is for 'emotion'"),
        ("emotion", ".", "absent", 78, "can't read this recipe"),
    ],
)
def test_train_says_what_is_wrong(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], task: str, data: str, recipe: str, status: int, message: str
) -> None:
    file = RECIPES[0].with_name(f"{recipe}.toml")
    arguments = ["train", task, "--data", str(tmp_path / data), "--recipe", str(file), "--out", str(tmp_path / "out")]
    assert main(arguments) == status
    assert message in capsys.readouterr().err
