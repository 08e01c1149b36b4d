"""``vigil-convert evaluate`` on folders made here, with the shipped bundles."""

import json
from pathlib import Path

import cv2
import numpy as np
import pytest

from convert.cli import main


@pytest.fixture
def classes(tmp_path: Path) -> Path:
    """A folder ``eyes/test`` with one class of the bundle for eyes, five pictures."""
    folder = tmp_path / "eyes" / "test" / "open"
    folder.mkdir(parents=True)
    rng = np.random.default_rng(0)
    for index in range(5):
        cv2.imwrite(str(folder / f"{index}.png"), rng.integers(0, 256, (24, 30), np.uint8))
    return tmp_path / "eyes"


def run(capsys: pytest.CaptureFixture[str], *arguments: object) -> tuple[int, str, str]:
    status = main([str(argument) for argument in ("evaluate", *arguments)])
    output = capsys.readouterr()
    return status, output.out, output.err


def test_one_json_object(models_dir: Path, classes: Path, capsys: pytest.CaptureFixture[str]) -> None:
    status, out, _ = run(capsys, models_dir / "eyes", "--data", classes, "--split", "test", "--json")
    result = json.loads(out)
    assert status == 0
    assert list(result) == ["task", "bundle", "data", "n", "int8", "float"]
    assert (result["task"], result["n"], result["float"]) == ("eyes", 5, None)
    assert result["data"] == str(classes / "test")
    assert 0 <= result["int8"]["accuracy"] <= 1
    assert list(result["int8"]["per_class"]) == ["open"], "a class that the folder lacks is no error"
    assert np.sum(result["int8"]["confusion"]["matrix"]) == 5


def test_tables_by_default(models_dir: Path, classes: Path, capsys: pytest.CaptureFixture[str]) -> None:
    status, out, _ = run(capsys, models_dir / "eyes", "--data", classes / "test")
    assert status == 0
    assert "accuracy" in out


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (lambda folder: (folder / "wink").mkdir(), "found wink"),
        (lambda folder: (folder / "open" / "7.png").write_bytes(b"no picture"), "7.png: not a readable image"),
        (lambda folder: (folder / "closed").mkdir(), "closed: no image in this class"),
    ],
    ids=["a folder that the bundle does not know", "a damaged picture", "an empty class"],
)
def test_unfit_folders_are_named(
    models_dir: Path, classes: Path, capsys: pytest.CaptureFixture[str], spoil, words: str
) -> None:
    spoil(classes / "test")
    status, out, err = run(capsys, models_dir / "eyes", "--data", classes / "test", "--json")
    assert (status, out) == (66, "")
    assert words in err


def test_missing_folder_and_missing_bundle(
    models_dir: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    status, _, err = run(capsys, models_dir / "eyes", "--data", tmp_path / "nowhere")
    assert (status, "no such folder" in err) == (66, True)
    status, _, err = run(capsys, tmp_path / "nowhere", "--data", tmp_path)
    assert (status, "no bundle here" in err) == (65, True)


def test_pairs_are_for_identity(models_dir: Path, classes: Path, capsys: pytest.CaptureFixture[str]) -> None:
    status, _, err = run(capsys, models_dir / "eyes", "--data", classes, "--pairs", "pairs.txt")
    assert (status, "'identity'" in err) == (78, True)


def test_a_detector_on_annotated_pictures(models_dir: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A face that is there and annotated, and one annotation where nothing is: recall a half."""
    from importlib import resources

    portrait = resources.files("edge.camera.demo").joinpath("astronaut.jpg").read_bytes()
    (tmp_path / "images").mkdir()
    (tmp_path / "images" / "a.jpg").write_bytes(portrait)
    (tmp_path / "boxes.csv").write_text(
        "image,label,session,width,height,xmin,ymin,xmax,ymax\n"
        "images/a.jpg,face,one,0,0,188,78,262,152\n"
        "images/a.jpg,face,one,0,0,0,0,40,40\n"
    )
    status, out, _ = run(capsys, models_dir / "faces", "--data", tmp_path, "--min-size", 40, "--json")
    result = json.loads(out)
    assert (status, result["n"]) == (0, 2)
    assert result["int8"]["recall"] == 0.5
    assert result["int8"]["nme"] is None, "boxes.csv has no landmarks"


def test_a_detector_refuses_a_folder_of_classes(
    models_dir: Path, classes: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    status, _, err = run(capsys, models_dir / "faces", "--data", classes / "test")
    assert (status, "no annotated pictures" in err) == (66, True)
