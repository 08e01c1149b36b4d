"""A damaged bundle gives way to the one from before, so that the service starts again."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from edge.cli import main


@pytest.fixture
def models(models_dir: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of bundles with one that nothing has come to."""
    monkeypatch.setattr("edge.service.repair.shipped_models_dir", lambda: tmp_path / "shipped")
    shutil.copytree(models_dir / "eyes", tmp_path / "models" / "eyes")
    return tmp_path / "models"


@pytest.fixture
def repair(models: Path) -> Callable[..., int]:
    return lambda *options: main(["models", "repair", "--models", str(models), *options])


def damage(bundle: Path) -> None:
    network = bundle / "eyes.tflite"
    content = bytearray(network.read_bytes())
    content[len(content) // 2] ^= 0xFF
    network.write_bytes(content)


@pytest.mark.parametrize("origin", ["models/.deploy/eyes/previous", "shipped"])
def test_a_damaged_bundle_is_replaced(
    models: Path, models_dir: Path, tmp_path: Path, repair: Callable[..., int], origin: str
) -> None:
    shutil.copytree(models_dir / "eyes", tmp_path / origin / "eyes")
    damage(models / "eyes")
    assert main(["models", "verify", "--models", str(models)]) == 65
    assert repair() == 0
    assert main(["models", "verify", "--models", str(models)]) == 0
    assert (models / ".deploy/eyes/damaged/eyes.tflite").exists(), "it can be looked at"


def test_the_one_from_before_must_itself_be_whole(
    models: Path, models_dir: Path, repair: Callable[..., int], capsys: pytest.CaptureFixture[str]
) -> None:
    previous = Path(shutil.copytree(models_dir / "eyes", models / ".deploy/eyes/previous/eyes"))
    damage(previous)
    damage(models / "eyes")
    before = (models / "eyes/eyes.tflite").read_bytes()
    assert repair() == 65
    assert "no whole bundle is kept" in capsys.readouterr().err
    assert (models / "eyes/eyes.tflite").read_bytes() == before


def test_a_whole_bundle_is_left_alone(models: Path, repair: Callable[..., int]) -> None:
    assert repair() == 0
    assert not (models / ".deploy").exists()


def test_a_power_cut_between_the_renames_is_repaired_at_the_next_start(
    models: Path, models_dir: Path, repair: Callable[..., int]
) -> None:
    shutil.copytree(models_dir / "eyes", models / ".deploy/eyes/previous/eyes")
    (models / ".deploy/eyes/damaged").mkdir()
    (models / "eyes").rename(models / ".deploy/eyes/damaged/eyes")
    assert repair() == 0
    assert main(["models", "verify", "--models", str(models)]) == 0
