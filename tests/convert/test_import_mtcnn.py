"""The cascade of the package ``mtcnn`` as a bundle, beside the package itself."""

from __future__ import annotations

import importlib.util
import json
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest
from keras_process import finish, start

pytest.importorskip("tensorflow", reason="the convert extra is not installed")

from convert.importing.errors import ForeignNetworkError
from convert.importing.mtcnn_package import read_weights
from convert.importing.windows import record_windows
from convert.networks.cascade import PNET_CELL, PNET_STRIDE
from edge.cli import main
from edge.inference import Task, load_bundle, verify_bundle
from edge.vision.boxes import iou

WORKER = Path(__file__).with_name("import_mtcnn_worker.py")
PACKAGES_MIN_FACE_PX = 20
"""The package's default: with a larger one it finds nothing (its pyramid shrinks below its own window)."""


def frames(clip: Path, folder: Path, seconds: float) -> None:
    """A frame of ``clip`` for each so many ``seconds``, as PNG files in ``folder``."""
    folder.mkdir(exist_ok=True)
    video = cv2.VideoCapture(str(clip))
    step, index = round(seconds * video.get(cv2.CAP_PROP_FPS)), 0
    while (read := video.read())[0]:
        if index % step == 0:
            cv2.imwrite(str(folder / f"{clip.stem}_{index:04}.png"), read[1])
        index += 1


@pytest.fixture(scope="module")
def imported(tmp_path_factory: pytest.TempPathFactory, dataset: Callable[[str], Path]) -> Path:
    """Where the bundle and the package's own finds are; calibrated on other people's clips than it is compared on."""
    if importlib.util.find_spec("mtcnn") is None:
        pytest.skip("the package mtcnn is not installed: pip install mtcnn==1.0.0")
    clips = dataset("clips")
    out = tmp_path_factory.mktemp("mtcnn")
    signing, talking = (sorted((clips / kind).iterdir()) for kind in ("signing", "talking"))
    for clip in signing[:3] + talking[:2]:
        frames(clip, out / "calibration", seconds=0.4)
    for clip in signing[3:] + talking[2:]:
        frames(clip, out / "photos", seconds=2)
    finish(start(WORKER, out / "calibration", out / "photos", out))
    return out


@pytest.fixture(scope="module")
def facts(imported: Path) -> dict:
    return json.loads((imported / "facts.json").read_text())


def test_the_float_networks_are_the_packages(facts: dict) -> None:
    assert facts["status"] == 0
    assert max(facts["differences"].values()) < 1e-5


def test_the_bundle_verifies_and_names_the_package(imported: Path) -> None:
    bundle = load_bundle(imported / "models" / "faces", Task.FACES)
    assert all(drift.passed for drift in verify_bundle(bundle))
    assert bundle.manifest.thresholds["onet"] == 0.8
    assert bundle.manifest.training.recipe["package"] == "mtcnn 1.0.0"


def test_analyze_finds_the_packages_faces(imported: Path, facts: dict, capsys: pytest.CaptureFixture) -> None:
    expected = facts["faces"]
    assert sum(map(len, expected.values())) >= len(expected)
    models = ["--models", str(imported / "models"), "--min-face", str(PACKAGES_MIN_FACE_PX)]
    assert main(["analyze", *expected, "--jsonl", *models]) == 0
    for line in map(json.loads, capsys.readouterr().out.splitlines()):
        theirs, ours = expected[line["image"]], line["faces"]
        assert len(ours) == len(theirs), line["image"]
        overlaps = iou(*(np.array([face["box"] for face in faces], np.float32) for faces in (theirs, ours)))
        assert (overlaps.max(axis=1) >= 0.6).all(), line["image"]
        for face, match in zip(theirs, overlaps.argmax(axis=1), strict=True):
            error = np.abs(np.subtract(face["landmarks"], ours[match]["landmarks"])).mean()
            assert error < 0.05 * (face["box"][2] - face["box"][0]), line["image"]


def test_photos_without_faces_are_refused() -> None:
    """R-Net and O-Net would have nothing to measure their ranges on."""

    def never(pixels: np.ndarray, training: bool) -> dict[str, np.ndarray]:
        rows, columns = ((side - PNET_CELL) // PNET_STRIDE + 1 for side in pixels.shape[1:3])
        return {"face": np.zeros((1, rows, columns, 2)), "box": np.zeros((1, rows, columns, 4))}

    grey = np.full((80, 120, 3), 128, np.uint8)
    with pytest.raises(ForeignNetworkError, match="rnet: no window reached it"):
        record_windows({"pnet": never, "rnet": never, "onet": never}, {}, [grey])


def test_weights_of_another_version_are_refused_unread(tmp_path: Path) -> None:
    for name in ("pnet", "rnet", "onet"):
        (tmp_path / f"{name}.lz4").write_bytes(b"\x80\x04pickle of somebody else")
    with pytest.raises(ForeignNetworkError, match=r"pnet.lz4: not the weights of mtcnn 1\.0\.0: its SHA-256"):
        read_weights(tmp_path)


def test_without_the_package_the_message_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(ForeignNetworkError, match=r"pip install mtcnn==1\.0\.0"):
        read_weights()
