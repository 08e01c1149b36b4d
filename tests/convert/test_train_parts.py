"""The parts of a training that need no network: drawing, waiting, patience, files."""

from __future__ import annotations

import resource
import time
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
import pytest
from train_samples import make_crops, make_prepared, make_recipe

from convert.data.classes import LabelledImages
from convert.training import workers
from convert.training.early_stop import Patience
from convert.training.errors import WriteError
from convert.training.files import make_folder, replacing
from convert.training.recipe import EarlyStopTable, SamplingTable, read_recipe
from convert.training.sampling import draw, sampling_weights

RECIPES = Path(__file__).parents[2] / "convert" / "recipes"


def test_equal_chances_draw_each_crop_once() -> None:
    drawn = draw(np.ones(1000), 1000, np.random.default_rng(0))
    np.testing.assert_array_equal(np.sort(drawn), np.arange(1000))
    assert (drawn[:-1] < drawn[1:]).mean() < 0.6


@pytest.mark.parametrize("number", [10, 77, 500])
def test_a_crop_is_drawn_as_often_as_its_chance_says(number: int) -> None:
    chances = np.random.default_rng(1).random(100)
    expected = number * chances / chances.sum()
    for seed in range(5):
        times = np.bincount(draw(chances, number, np.random.default_rng(seed)), minlength=100)
        assert times.sum() == number
        assert (np.abs(times - expected) < 1 + 1e-9).all()


@pytest.mark.parametrize(
    ("balance", "shares"),
    [
        (0.0, [42 / 64, 22 / 64]),  # as found
        (0.5, [42**0.5 / (42**0.5 + 22**0.5), 22**0.5 / (42**0.5 + 22**0.5)]),  # square roots
        (1.0, [0.5, 0.5]),  # all alike
    ],
)
def test_balance_moves_the_shares_of_the_classes(balance: float, shares: list[float]) -> None:
    crops = make_crops()
    weights = sampling_weights(crops, SamplingTable(balance=balance))
    np.testing.assert_allclose(np.bincount(crops.targets, weights), shares)


def test_balance_draws_the_rare_class_more_often() -> None:
    recipe = read_recipe(RECIPES / "emotion.toml")
    numbers = [3995, 436, 4097, 7215, 4830, 3171, 4965]  # FER2013's training split
    targets = np.repeat(np.arange(7), numbers)
    names = np.full(len(targets), "fer2013")
    crops = LabelledImages(recipe.labels, np.zeros((len(targets), 1, 1, 1), np.uint8), targets, names, names)
    shares = np.bincount(targets, sampling_weights(crops, SamplingTable(balance=0.5)))
    assert 0.04 < shares[1] < 0.06
    assert shares.max() < 0.21


def test_shares_and_balance_exclude_each_other() -> None:
    with pytest.raises(ValueError, match="class_shares or balance, not both"):
        SamplingTable(class_shares={"open": 1}, balance=0.5)


def test_patience_counts_from_the_best_epoch() -> None:
    table = EarlyStopTable(patience_epochs=2, min_change=0.1)
    patience, seen = Patience(), []
    for epoch, loss in enumerate([1.0, 0.8, 0.75, 0.9, 0.1], 1):
        patience = patience.after(epoch, loss, table)
        seen.append((patience.best_epoch, patience.epochs_since, patience.is_over(table)))
    assert seen == [(1, 0, False), (2, 0, False), (2, 1, False), (2, 2, True), (5, 0, False)]


def test_held_out_groups_are_not_trained_on() -> None:
    prepared = make_prepared(make_recipe())
    rest, held_out = prepared.hold_out(0.3, 12, seed=0)
    assert set(rest.train.groups) | set(held_out.groups) == set(prepared.train.groups)
    assert not set(rest.train.groups) & set(held_out.groups)
    assert rest.weights is not None
    assert len(rest.weights) == len(rest.train)
    assert 5 < len(held_out) < 35


def test_batches_depend_on_epoch_and_number_alone() -> None:
    batches_module = pytest.importorskip("convert.training.batches", reason="needs Keras: install vigil[convert]")
    recipe = make_recipe()
    prepared = make_prepared(recipe)
    first, second = (batches_module.Batches(prepared.train, recipe, prepared.augment, seed=1) for _ in range(2))
    for epoch in (0, 1, 2):
        first.start_epoch(epoch)
        last = [first[i][0] for i in range(len(first))]
    second.start_epoch(2)
    for index in (5, 0, 5):
        np.testing.assert_array_equal(second[index][0], last[index])
    second.start_epoch(1)
    assert not np.array_equal(second[5][0], last[5])
    first.close()
    second.close()


def test_processes_make_the_same_batches_as_threads(monkeypatch: pytest.MonkeyPatch) -> None:
    batches_module = pytest.importorskip("convert.training.batches", reason="needs Keras: install vigil[convert]")
    recipe = make_recipe()
    prepared = make_prepared(recipe)
    cv2.resize(np.zeros((2000, 2000, 3), np.uint8), (1000, 1000), interpolation=cv2.INTER_AREA)  # starts its threads
    monkeypatch.setattr(workers, "_cores", lambda: 2)
    threads = batches_module.Batches(prepared.train, recipe, prepared.augment, seed=1)
    monkeypatch.setattr(workers, "_cores", lambda: workers.CORES_FOR_PROCESSES)
    processes = batches_module.Batches(prepared.train, recipe, prepared.augment, seed=1)
    for epoch in (0, 1):
        threads.start_epoch(epoch)
        processes.start_epoch(epoch)
        for index in range(len(threads)):
            for made, again in zip(threads[index], processes[index], strict=True):
                np.testing.assert_array_equal(made, again)
    threads.close()
    processes.close()


def test_waiting_for_slow_crops_is_measured() -> None:
    batches_module = pytest.importorskip("convert.training.batches", reason="needs Keras: install vigil[convert]")
    recipe = make_recipe()
    prepared = make_prepared(recipe)

    def slow(image, size, rng):
        time.sleep(0.002)
        return prepared.plain(image, size, rng)

    batches = batches_module.Batches(prepared.train, recipe, slow, seed=1)
    for index in range(len(batches)):
        batches[index]
    assert batches.waited_seconds > 0.02
    batches.close()


def test_plain_batches_fill_the_last_one_up() -> None:
    batches_module = pytest.importorskip("convert.training.batches", reason="needs Keras: install vigil[convert]")
    crops = make_crops()
    batches = batches_module.PlainBatches(crops, make_recipe(), batch=48)
    shapes = [batches[i][0].shape for i in range(len(batches))]
    assert shapes == [(48, 12, 12, 1)] * 2
    assert not batches[1][0][16:].any()


def test_the_loss_is_that_of_the_true_classes() -> None:
    callbacks = pytest.importorskip("convert.training.callbacks", reason="needs Keras: install vigil[convert]")
    logits = np.log(np.array([[0.25, 0.75], [0.5, 0.5]], np.float32))
    assert callbacks.cross_entropy(logits, np.array([1, 0])) == pytest.approx(-np.log([0.75, 0.5]).mean())


@pytest.fixture
def full_disk() -> Iterator[None]:
    """No file grows beyond 4 KiB: the kernel refuses, as it does on a full disk."""
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (4096, limits[1]))
    yield
    resource.setrlimit(resource.RLIMIT_FSIZE, limits)


def test_a_full_disk_leaves_the_checkpoint_of_before(tmp_path: Path, full_disk: None) -> None:
    checkpoint = pytest.importorskip("convert.training.checkpoint", reason="needs Keras: install vigil[convert]")
    file = tmp_path / "checkpoint.npz"
    small = checkpoint.Checkpoint({"seed": 0}, checkpoint.Progress(epochs=1), network=[np.arange(3)])
    checkpoint.write_checkpoint(file, small)
    large = checkpoint.Checkpoint({"seed": 0}, checkpoint.Progress(epochs=2), network=[np.zeros(100_000)])
    with pytest.raises(WriteError, match=r"checkpoint\.npz: can't be written .*the one of before stays.*--resume"):
        checkpoint.write_checkpoint(file, large)
    found = checkpoint.read_checkpoint(file)
    assert found.progress == small.progress
    np.testing.assert_array_equal(found.network[0], np.arange(3))
    assert [entry.name for entry in tmp_path.iterdir()] == ["checkpoint.npz"]


def test_a_failure_leaves_the_file_of_before(tmp_path: Path) -> None:
    file = tmp_path / "report.json"
    file.write_text("before", "utf-8")

    def fail_halfway() -> None:
        with replacing(file) as partial:
            partial.write_text("half", "utf-8")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail_halfway()
    assert file.read_text("utf-8") == "before"


def test_a_folder_that_is_a_file_is_named(tmp_path: Path) -> None:
    (tmp_path / "out").write_text("", "utf-8")
    with pytest.raises(WriteError, match=r"out: can't be made .*give another folder with --out"):
        make_folder(tmp_path / "out")
