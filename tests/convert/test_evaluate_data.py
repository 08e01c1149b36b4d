"""The shipped bundles on real data: loose bounds, well below what they reach."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from convert.cli import main


def figures(capsys: pytest.CaptureFixture[str], *arguments: object) -> dict:
    assert main([str(argument) for argument in ("evaluate", *arguments, "--json")]) == 0
    return json.loads(capsys.readouterr().out)["int8"]


def test_faces_on_photos_held_back(
    models_dir: Path, dataset: Callable[[str], Path], capsys: pytest.CaptureFixture[str]
) -> None:
    found = figures(
        capsys, models_dir / "faces", "--data", dataset("helen") / "trainset", "--split", "held-back", "--limit", 40
    )
    assert found["recall"] > 0.9
    assert found["average_precision"] > 0.8
    assert found["nme"] < 0.12


def test_eyes_on_closeups(models_dir: Path, dataset: Callable[[str], Path], capsys: pytest.CaptureFixture[str]) -> None:
    found = figures(capsys, models_dir / "eyes", "--data", dataset("eyes") / "closeup", "--limit", 300)
    assert found["accuracy"] > 0.9
    assert found["auc"] > 0.95
