"""``vigil-convert evaluate`` on folders made here, with the shipped bundles."""

import json
import shutil
from html.parser import HTMLParser
from importlib import resources
from pathlib import Path

import cv2
import numpy as np
import pytest

from convert.cli import main
from edge.inference import load_bundle, verify_bundle


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
        (lambda folder: (folder / "closed").mkdir(), "closed: no image in this class"),
    ],
    ids=["a folder that the bundle does not know", "an empty class"],
)
def test_unfit_folders_are_named(
    models_dir: Path, classes: Path, capsys: pytest.CaptureFixture[str], spoil, words: str
) -> None:
    spoil(classes / "test")
    status, out, err = run(capsys, models_dir / "eyes", "--data", classes / "test", "--json")
    assert (status, out) == (66, "")
    assert words in err


def test_a_damaged_picture_is_named_counted_and_skipped(
    models_dir: Path, classes: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    damaged = classes / "test" / "open" / "7.png"
    damaged.write_bytes(b"no picture")
    status, out, _ = run(capsys, models_dir / "eyes", "--data", classes / "test", "--json")
    result = json.loads(out)
    assert (status, result["n"], result["int8"]["taken"]) == (0, 5, 6)
    assert len(result["int8"]["skipped"]) == 1
    assert str(damaged) in result["int8"]["skipped"][0]
    status, out, _ = run(capsys, models_dir / "eyes", "--data", classes / "test")
    assert (status, f"  {damaged}" in out, "1 pictures" in out) == (0, True, True)


def test_nothing_readable_is_an_error(models_dir: Path, classes: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for file in (classes / "test" / "open").iterdir():
        file.write_bytes(b"")
    status, _, err = run(capsys, models_dir / "eyes", "--data", classes / "test")
    assert (status, "not one of 5 pictures" in err) == (66, True)


def test_a_limit_is_kept_and_told(models_dir: Path, classes: Path, capsys: pytest.CaptureFixture[str]) -> None:
    status, out, _ = run(capsys, models_dir / "eyes", "--data", classes / "test", "--limit", 3)
    assert (status, "n = 3" in out, "Judged on 3 of 5 pictures" in out) == (0, True, True)
    with pytest.raises(SystemExit):
        run(capsys, models_dir / "eyes", "--data", classes / "test", "--limit", 0)


def test_missing_folder_and_missing_bundle(
    models_dir: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    status, _, err = run(capsys, models_dir / "eyes", "--data", tmp_path / "nowhere")
    assert (status, "no such folder" in err) == (66, True)
    status, _, err = run(capsys, tmp_path / "nowhere", "--data", tmp_path)
    assert (status, "no bundle here" in err) == (65, True)


def test_what_training_held_back_is_judged_as_the_device_crops_it(
    models_dir: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The network of emotions is shown the middle of these pictures."""
    rng = np.random.default_rng(0)
    for part, number in (("train", 1), ("test", 2)):
        for label in load_bundle(models_dir / "emotion").manifest.labels:
            (tmp_path / "fer2013" / part / label).mkdir(parents=True)
            for index in range(number):
                picture = rng.integers(0, 256, (48, 48), dtype=np.uint8)
                cv2.imwrite(str(tmp_path / "fer2013" / part / label / f"{index}.png"), picture)
    bundle = models_dir / "emotion"
    status, held_back, _ = run(capsys, bundle, "--data", tmp_path, "--split", "held-back", "--json")
    assert status == 0
    assert json.loads(held_back)["n"] == 14
    _, whole, _ = run(capsys, bundle, "--data", tmp_path / "fer2013", "--split", "test", "--json")
    assert json.loads(held_back)["int8"] == json.loads(whole)["int8"]


def test_pairs_are_for_identity(models_dir: Path, classes: Path, capsys: pytest.CaptureFixture[str]) -> None:
    status, _, err = run(capsys, models_dir / "eyes", "--data", classes, "--pairs", "pairs.txt")
    assert (status, "'identity'" in err) == (78, True)


def test_temperatures_are_for_classifiers(models_dir: Path, classes: Path, capsys: pytest.CaptureFixture[str]) -> None:
    status, _, err = run(capsys, models_dir / "faces", "--data", classes, "--store-temperature")
    assert (status, "'emotion', 'eyes' or 'gesture'" in err) == (78, True)


def test_a_temperature_is_stored_and_the_bundle_still_verifies(
    models_dir: Path, classes: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    bundle = tmp_path / "bundle"
    shutil.copytree(models_dir / "eyes", bundle)
    before = load_bundle(bundle).manifest
    status, out, _ = run(capsys, bundle, "--data", classes / "test", "--json", "--store-temperature")
    fitted = json.loads(out)["int8"]["calibration"]["temperature_of_these_data"]
    after = load_bundle(bundle)
    assert (status, after.manifest) == (0, before.model_copy(update={"temperature": fitted}))
    assert all(drift.passed for drift in verify_bundle(after))
    assert sorted(file.name for file in bundle.iterdir()) == sorted(
        file.name for file in (models_dir / "eyes").iterdir()
    )


@pytest.fixture
def annotated(tmp_path: Path) -> Path:
    """A face that is there and annotated, one annotation where nothing is, and one damaged picture."""
    portrait = resources.files("edge.camera.demo").joinpath("astronaut.jpg").read_bytes()
    folder = tmp_path / "photos"
    (folder / "images").mkdir(parents=True)
    (folder / "images" / "a.jpg").write_bytes(portrait)
    (folder / "images" / "b.jpg").write_bytes(portrait[:5000])
    (folder / "boxes.csv").write_text(
        "image,label,session,width,height,xmin,ymin,xmax,ymax\n"
        "images/a.jpg,face,one,0,0,188,78,262,152\n"
        "images/a.jpg,face,one,0,0,0,0,40,40\n"
        "images/b.jpg,face,one,0,0,0,0,40,40\n"
    )
    return folder


def test_a_detector_on_annotated_pictures(
    models_dir: Path, annotated: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    status, out, _ = run(capsys, models_dir / "faces", "--data", annotated, "--min-size", 40, "--json")
    result = json.loads(out)
    assert (status, result["n"]) == (0, 2)
    assert result["int8"]["recall"] == 0.5
    assert result["int8"]["nme"] is None, "boxes.csv has no landmarks"
    assert len(result["int8"]["skipped"]) == 1
    assert "b.jpg" in result["int8"]["skipped"][0]


def test_a_detector_refuses_a_folder_of_classes(
    models_dir: Path, classes: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    status, _, err = run(capsys, models_dir / "faces", "--data", classes / "test")
    assert (status, "no annotated pictures" in err) == (66, True)


class Page(HTMLParser):
    """What a page shows, and what it would load or run."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.headings: list[str] = []
        self.pictures = 0
        self.feed(text)

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        given = dict(attributes)
        assert tag not in ("script", "link", "iframe")
        assert all(not name.startswith("on") for name in given)
        if tag == "img":
            self.pictures += 1
            assert (given["src"] or "").startswith("data:image/png;base64,")
            assert given["alt"]
        elif tag != "meta":
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self.open and self.open[-1] == "h2":
            self.headings.append(data)


def read_page(folder: Path) -> Page:
    text = (folder / "report.html").read_text("utf-8")
    assert "http" not in text
    assert "@import" not in text
    page = Page(text)
    assert page.open == []
    return page


def test_the_report_of_a_classifier(
    models_dir: Path, classes: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (classes / "test" / "open" / "<b>.png").write_bytes(b"no picture")
    status, out, _ = run(
        capsys, models_dir / "eyes", "--data", classes / "test", "--json", "--report", tmp_path / "new" / "report"
    )
    assert status == 0
    page = read_page(tmp_path / "new" / "report")
    assert page.headings == [
        "Figures",
        "Confusion matrix",
        "Curves",
        "Most confident mistakes",
        "Float against int8",
        "How to read this",
        "Skipped: 1",
    ]
    assert json.loads((tmp_path / "new" / "report" / "result.json").read_text()) == json.loads(out)
    plots = sorted((tmp_path / "new" / "report").glob("*.png"))
    assert [plot.stem for plot in plots] == ["calibration", "confusion"], "no ROC of one class"
    assert all(cv2.imread(str(plot)) is not None for plot in plots)


def test_the_report_of_a_detector(
    models_dir: Path, annotated: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    status, _, _ = run(
        capsys, models_dir / "faces", "--data", annotated, "--min-size", 40, "--report", tmp_path / "report"
    )
    page = read_page(tmp_path / "report")
    assert status == 0
    assert page.headings[:3] == ["Figures", "Curves", "Missed"]
    assert page.pictures == 3, "two curves, and the annotation that nothing was found at"


def test_a_report_that_cannot_be_written(
    models_dir: Path, classes: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "file").touch()
    status, _, err = run(
        capsys, models_dir / "eyes", "--data", classes / "test", "--report", tmp_path / "file" / "report"
    )
    assert (status, "can't write the report here" in err) == (1, True)


def test_faces_that_wider_ignores_count_neither_way(
    models_dir: Path, annotated: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The one face of the portrait is marked invalid, and another, which isn't there, is valid."""
    photos, lists = annotated / "WIDER_val" / "images" / "0--Parade", annotated / "wider_face_split"
    photos.mkdir(parents=True)
    lists.mkdir()
    shutil.move(annotated / "images" / "a.jpg", photos / "a.jpg")
    (lists / "wider_face_val_bbx_gt.txt").write_text(
        "0--Parade/a.jpg\n2\n188 78 74 74 0 0 0 1 0 0\n0 0 40 40 0 0 0 0 0 0\n"
    )
    (annotated / "boxes.csv").unlink()
    status, out, _ = run(
        capsys, models_dir / "faces", "--data", annotated, "--split", "held-back", "--min-size", 40, "--json"
    )
    figures = json.loads(out)["int8"]
    assert (status, figures["annotated"], figures["recall"]) == (0, 1, 0.0)
    assert (figures["ignored"], figures["found"], figures["precision"]) == (1, 0, None)


def test_only_objects_of_a_label_count(models_dir: Path, annotated: Path, capsys: pytest.CaptureFixture[str]) -> None:
    table = annotated / "boxes.csv"
    table.write_text(table.read_text().replace("face,one,0,0,0,0,40,40", "flag,one,0,0,0,0,40,40"))
    status, out, _ = run(
        capsys, models_dir / "faces", "--data", annotated, "--label", "face", "--min-size", 40, "--json"
    )
    result = json.loads(out)
    assert (status, result["n"], result["int8"]["recall"]) == (0, 1, 1.0)


def test_labels_are_refused_where_there_are_none(
    models_dir: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "a.pts").touch()
    status, _, err = run(capsys, models_dir / "faces", "--data", tmp_path, "--label", "face")
    assert (status, "(300-W), which has no labels" in err) == (66, True)
