"""``vigil-convert train`` from data on the disk: a whole training, and what it refuses without losing anything."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import cv2
import numpy as np
import pytest

from convert.cli import main
from convert.data.leap import LABELS

ROOT = Path(__file__).parents[2]
LEAP = (ROOT / "convert" / "recipes" / "leap.toml").read_text("utf-8")


@pytest.fixture(scope="module")
def frames(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Ten gestures of a person to train on and of one to judge by, in leapGestRecog's tree."""
    folder = tmp_path_factory.mktemp("leap")
    rng = np.random.default_rng(0)
    for person in ("00", "08"):
        for number, label in enumerate(LABELS, 1):
            frame = rng.integers(0, 30, (240, 640), dtype=np.uint8)
            cv2.circle(frame, (200 + 20 * number, 120), 30 + 4 * number, 200, -1)
            file = folder / person / f"{number:02}_{label}" / f"frame_{person}_{number:02}_0001.png"
            file.parent.mkdir(parents=True)
            cv2.imwrite(str(file), frame)
    return folder


@pytest.fixture
def recipe(tmp_path: Path) -> Path:
    """leap.toml, made small."""
    file = tmp_path / "small.toml"
    small = {"epochs = 8": "epochs = 1", "batch = 64": "batch = 4"}
    text = LEAP
    for before, after in small.items():
        assert before in text
        text = text.replace(before, after)
    file.write_text(text, "utf-8")
    return file


def train(data: Path, recipe: Path, out: Path, *flags: str, task: str = "gesture") -> int:
    return main(["train", task, "--data", str(data), "--recipe", str(recipe), "--out", str(out), *flags])


def test_a_training_is_not_lost_to_another_recipe(frames: Path, recipe: Path, tmp_path: Path, capsys) -> None:
    pytest.importorskip("keras", reason="training needs Keras: install vigil[convert]")
    out = tmp_path / "out"
    assert train(frames, recipe, out) == 0
    before = {file.name: file.read_bytes() for file in out.iterdir() if file.is_file()}
    assert set(before) == {"checkpoint.npz", "epochs.csv", "network.keras", "training.json"}
    assert json.loads(before["training.json"])["validation"] == dict.fromkeys(LABELS, 1)
    recipe.write_text(recipe.read_text("utf-8").replace("rate = 0.05", "rate = 0.5"), "utf-8")
    capsys.readouterr()
    assert train(frames, recipe, out, "--resume", "--seed", "3") == 78
    message = capsys.readouterr().err
    assert "recipe.optimiser.rate was 0.05, is now 0.5" in message
    assert "seed was 0, is now 3" in message
    assert {file.name: file.read_bytes() for file in out.iterdir() if file.is_file()} == before


def test_a_class_without_images_is_named(frames: Path, recipe: Path, tmp_path: Path, capsys) -> None:
    shutil.copytree(frames, tmp_path / "data")
    shutil.rmtree(tmp_path / "data" / "00" / "03_fist")
    assert train(tmp_path / "data", recipe, tmp_path / "out") == 66
    assert "no training image of the class 'fist'" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


def test_labels_in_another_order_are_refused(frames: Path, recipe: Path, tmp_path: Path, capsys) -> None:
    recipe.write_text(recipe.read_text("utf-8").replace('"palm", "l"', '"l", "palm"'), "utf-8")
    assert train(frames, recipe, tmp_path / "out") == 78
    assert "labels: leap has the classes ['palm', 'l'" in capsys.readouterr().err


def test_the_wrong_folder_is_refused(recipe: Path, tmp_path: Path, capsys) -> None:
    assert train(tmp_path, recipe, tmp_path / "out") == 66
    assert str(tmp_path) in capsys.readouterr().err


@pytest.mark.parametrize("flag", ["--resume", "--restart", "--distribute"])
def test_a_cascade_names_the_flags_that_are_not_for_it(tmp_path: Path, capsys, flag: str) -> None:
    faces = ROOT / "convert" / "recipes" / "faces.toml"
    assert train(tmp_path, faces, tmp_path / "out", flag, task="faces") == 78
    assert f"{flag}: is for classifiers" in capsys.readouterr().err


def test_a_detector_begins_with_one_training_only(tmp_path: Path, capsys) -> None:
    faces = ROOT / "convert" / "recipes" / "faces.toml"
    assert train(tmp_path, faces, tmp_path / "out", "--initial", "one", "--initial", "two", task="faces") == 78
    assert "--initial: a detector begins with one training, received 2" in capsys.readouterr().err
