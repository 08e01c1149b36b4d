"""``vigil-convert evaluate`` for identity, with the shipped embedder."""

import json
import shutil
from collections.abc import Callable
from importlib import resources
from pathlib import Path

import cv2
import numpy as np
import pytest

from convert.cli import main
from convert.evaluate.embedding import Aligner
from edge.inference import load_bundle

PEOPLE = ("Ann", "Bob", "Cy", "Di")


@pytest.fixture
def bundle(models_dir: Path, tmp_path: Path) -> Path:
    """A copy of the shipped one."""
    return Path(shutil.copytree(models_dir / "identity", tmp_path / "identity"))


@pytest.fixture
def people(tmp_path: Path) -> Path:
    """Four people with two nearly equal pictures each, in two folds of two pairs of each kind."""
    rng = np.random.default_rng(1)
    folder = tmp_path / "people"
    for name in PEOPLE:
        picture = cv2.resize(rng.integers(0, 256, (9, 9, 3), np.uint8), (60, 50), interpolation=cv2.INTER_CUBIC)
        (folder / name).mkdir(parents=True)
        for number in (1, 2):
            noisy = np.clip(picture + rng.normal(0, 0.5, picture.shape), 0, 255).astype(np.uint8)
            cv2.imwrite(str(folder / name / f"{name}_{number:04d}.png"), noisy)
    first_fold = ["Ann\t1\t2", "Bob\t1\t2", "Ann\t1\tBob\t1", "Bob\t2\tCy\t1"]
    second_fold = ["Cy\t1\t2", "Di\t1\t2", "Cy\t2\tDi\t1", "Di\t2\tAnn\t2"]
    (folder / "pairs.txt").write_text("\n".join(["2\t2", *first_fold, *second_fold]) + "\n")
    return folder


def run(capsys: pytest.CaptureFixture[str], *arguments: object) -> tuple[int, str, str]:
    status = main([str(argument) for argument in ("evaluate", *arguments)])
    output = capsys.readouterr()
    return status, output.out, output.err


def test_one_json_object(bundle: Path, people: Path, capsys: pytest.CaptureFixture[str]) -> None:
    status, out, _ = run(capsys, bundle, "--data", people, "--pairs", people / "pairs.txt", "--json")
    result = json.loads(out)
    assert status == 0
    assert list(result) == ["task", "bundle", "data", "n", "int8", "float"]
    assert (result["task"], result["n"], result["float"]) == ("identity", 8, None)
    figures = result["int8"]
    assert figures["auc"] == 1.0, "two pictures of one person are nearly equal"
    assert [fold["accuracy"] for fold in figures["folds"]] == [1.0, 1.0]
    assert figures["accuracy"] == 1.0
    assert (figures["same"], figures["different"], figures["photos"]) == (4, 4, 8)
    assert figures["unaligned"] == 8, "there is no face in noise"


def test_a_missing_photo_takes_its_pairs_along(bundle: Path, people: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (people / "Bob" / "Bob_0001.png").unlink()
    status, out, _ = run(capsys, bundle, "--data", people)
    assert (status, "n = 6" in out) == (0, True)
    assert "1 pictures, and with them 2 pairs" in out
    assert "Bob_0001" in out


def test_the_report(bundle: Path, people: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    shutil.copy(people / "Ann" / "Ann_0001.png", people / "Bob" / "Bob_0001.png")
    status, _, _ = run(capsys, bundle, "--data", people, "--report", tmp_path / "report")
    page = (tmp_path / "report" / "report.html").read_text("utf-8")
    assert status == 0
    assert "Two people taken for one" in page
    assert "Ann_0001 · Bob_0001" in page
    assert sorted(plot.stem for plot in (tmp_path / "report").glob("*.png")) == ["roc", "similarity"]


@pytest.mark.parametrize("spoil", ["no list", "no photo"])
def test_unfit_folders_are_named(bundle: Path, people: Path, capsys: pytest.CaptureFixture[str], spoil: str) -> None:
    if spoil == "no list":
        (people / "pairs.txt").unlink()
        words = "pairs.txt: can't read this list of pairs"
    else:
        for name in PEOPLE:
            shutil.rmtree(people / name)
        words = "not one of 8 pairs can be read"
    status, _, err = run(capsys, bundle, "--data", people)
    assert (status, words in err) == (66, True)


def test_a_network_without_embedding_is_refused(bundle: Path, people: Path, capsys: pytest.CaptureFixture[str]) -> None:
    manifest = json.loads((bundle / "manifest.json").read_text())
    manifest["networks"]["identity"]["outputs"] = ["logits"]
    (bundle / "manifest.json").write_text(json.dumps(manifest))
    status, _, err = run(capsys, bundle, "--data", people)
    assert (status, "needs an output 'embedding', it has ['logits']" in err) == (65, True)


def test_a_face_is_aligned_and_the_middle_one_taken(models_dir: Path) -> None:
    """Moved and turned within its photo, a face gives nearly the same crop; without a face it is the middle."""
    portrait = resources.files("edge.camera.demo").joinpath("astronaut.jpg").read_bytes()
    photo = cv2.imdecode(np.frombuffer(portrait, np.uint8), cv2.IMREAD_COLOR)
    height, width = photo.shape[:2]
    turn = cv2.getRotationMatrix2D((width / 2, height / 2), 12, 1.0)
    turned = cv2.warpAffine(photo, turn, (width, height), borderMode=cv2.BORDER_REPLICATE)
    aligner = Aligner(load_bundle(models_dir / "faces"), 40, 64)
    first, second = (cv2.GaussianBlur(aligner.crop(image), (5, 5), 0).astype(float) for image in (photo, turned))
    assert aligner.unaligned == 0
    assert np.corrcoef(first.ravel(), second.ravel())[0, 1] > 0.9
    grey = np.full((40, 60, 3), 128, np.uint8)
    grey[:, 20:40] = 255
    assert aligner.crop(grey)[32, 32].tolist() == [255] * 3
    assert aligner.unaligned == 1
    assert Aligner(None, 40, 64).crop(photo).shape == (64, 64, 3)


def test_the_shipped_embedder_tells_real_people_apart(
    bundle: Path, dataset: Callable[[str], Path], capsys: pytest.CaptureFixture[str]
) -> None:
    status, out, _ = run(capsys, bundle, "--data", dataset("lfw"), "--limit", 160, "--json")
    figures = json.loads(out)["int8"]
    assert (status, len(figures["folds"])) == (0, 8)
    assert figures["unaligned"] < 0.05 * figures["photos"], "the cascade for faces finds nearly all"
    assert figures["accuracy"] > 0.9, "most of these people trained it, those of the first two folds didn't"
