"""Classifiers from elsewhere: what the bundle says on the device is what the network's own maker would get.

The import runs in a process of its own, since Keras has one backend a process.
"""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from keras_process import finish, start

pytest.importorskip("tensorflow", reason="the convert extra is not installed")

from convert.cli import main
from edge.inference import load_bundle, verify_bundle

WORKER = Path(__file__).with_name("import_worker.py")
MAX_MEAN_ERROR = 0.04  # of a probability; untrained networks, their small differences enlarged, lose much to int8
SOURCES = ("keras", "h5", "prelu", "nested", "bgr", "sigmoid", "saved_model")

FED = ("--colour", "rgb", "--mean", "0", "--scale", "0.01")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("imported")
    finish(start(WORKER, folder))
    return folder


@pytest.fixture(scope="module")
def facts(folder: Path) -> dict:
    return json.loads((folder / "facts.json").read_text())


@pytest.mark.parametrize("source", SOURCES)
def test_the_bundle_says_what_the_network_said(facts: dict, source: str) -> None:
    found = facts["imported"][source]
    assert found["status"] == 0
    own, device = np.array(found["own"]), np.array(found["found"])
    assert own.std(axis=0).min() > 0.1, "the test network must tell its pictures apart"
    assert np.abs(own - device).mean() < MAX_MEAN_ERROR
    assert np.mean(own.argmax(axis=1) == device.argmax(axis=1)) > 0.9


@pytest.mark.parametrize("source", SOURCES)
def test_the_bundle_verifies_and_names_its_source(folder: Path, source: str) -> None:
    bundle = load_bundle(folder / "bundles" / source)
    assert all(drift.passed for drift in verify_bundle(bundle))
    assert len(bundle.manifest.training.recipe["sha256"]) == 64
    assert "unknown" in bundle.manifest.training.data[0].terms
    assert "gave no card" in (bundle.path / "README.md").read_text("utf-8")


@pytest.mark.parametrize(("source", "channels"), [("keras", 1), ("h5", 3), ("saved_model", 3)])
def test_macs_are_counted_whatever_the_format(facts: dict, source: str, channels: int) -> None:
    assert facts["imported"][source]["macs"] == 16 * 16 * 9 * channels * 8 + 4 * 4 * 8 * 12 + 12 * 3


@pytest.mark.parametrize(
    ("case", "words"),
    [
        ("lambda_keras", "holds 'Lambda'"),
        ("lambda_h5", "holds 'Lambda'"),
        ("saved_model_writes", "WriteFile"),
        ("other_module", "'Flatten' of os.path"),
        ("external_weights", "stolen lies in another file"),
        ("weights_only", "weights without their network"),
        ("text", "neither a .keras file nor an HDF5 file"),
        ("cut", "neither a .keras file nor an HDF5 file"),
        ("missing", "no such file"),
        ("empty_folder", "give a SavedModel's folder"),
        ("two_outputs", "needs one output"),
        ("colour", "'grey' has 1 channel(s), the network takes 3"),
        ("labels", "gives 5 value(s), received 3 labels"),
        ("activation", "ends in 'tanh'"),
        ("any_size", "--size"),
    ],
)
def test_what_may_not_or_cannot_be_imported_is_refused(facts: dict, case: str, words: str) -> None:
    assert words in facts["refused"][case]


def test_nothing_refused_has_run(facts: dict) -> None:
    assert not facts["ran"]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["gesture", "a.keras", "--labels", "a", "b"], "needs --colour, --mean, --scale too"),
        (["gesture", "a", "--labels", "a", "a", *FED], "two or more that differ, received ['a', 'a']"),
        (["eyes", "a", "--labels", "shut", "wide", *FED], "one must be 'open'"),
        (["gesture", "a", "--labels", "a", "b", *FED, "--mean", "nan"], "mean: must be finite"),
        (["gesture", "a", "--labels", "a", "b", *FED, "--scale", "1", "2"], "scale: needs one value or 3, received 2"),
        (["faces", "a.keras"], "takes the package 'mtcnn'"),
        (["faces", "mtcnn", "--labels", "a"], "received 'mtcnn --labels'"),
    ],
)
def test_options_that_do_not_fit_are_named(arguments: list[str], words: str, capsys: pytest.CaptureFixture) -> None:
    assert main(["import", *arguments, "--pictures", "p", "--out", "o"]) == 65
    assert words in capsys.readouterr().err
