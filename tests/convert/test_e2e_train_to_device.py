"""From generated pictures to the device, for every task: train, int8, bundle, ``models verify``, ``analyze``.

The networks are tiny and hardly trained; what they say is of no interest, that every step takes the one before is.
"""

from __future__ import annotations

import io
import json
import shutil
import zipfile
from pathlib import Path

import pytest
from e2e_data import OWN_LABELS, write_all
from keras_process import finish, start

from convert.data import eyes, fer2013, leap
from convert.networks.cascade import NETWORKS
from edge.cli import main
from edge.inference import load_bundle

pytest.importorskip("tensorflow", reason="the convert extra is not installed")

import h5py
import numpy as np

from convert.training.from_bundle import bundle_network

WORKER = Path(__file__).with_name("e2e_worker.py")
HALVES = ("emotion", "eyes", "gesture", "own"), ("faces", "hands", "single_shot", "identity")
"""The bundles that each of two processes makes, of about the same work."""
BUNDLES = HALVES[0] + HALVES[1]


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What the worker leaves."""
    folder = tmp_path_factory.mktemp("e2e")
    write_all(folder / "data")
    for process in [start(WORKER, folder, *names) for names in HALVES]:
        print(finish(process))
    return folder


@pytest.fixture
def installed(made: Path, models_dir: Path, tmp_path: Path) -> Path:
    """A device's folder of bundles: the shipped ones; a test puts made ones in their place."""
    folder = tmp_path / "models"
    shutil.copytree(models_dir, folder)
    return folder


def install(made: Path, name: str, models: Path) -> None:
    """Put the bundle ``name`` in the place of its task's."""
    task = load_bundle(made / "bundles" / name).manifest.task.value
    shutil.rmtree(models / task, ignore_errors=True)
    shutil.copytree(made / "bundles" / name, models / task)


def analyze(models: Path, picture: Path, capsys: pytest.CaptureFixture[str]) -> dict:
    capsys.readouterr()
    assert main(["analyze", str(picture), "--models", str(models), "--jsonl"]) == 0
    (line,) = capsys.readouterr().out.splitlines()
    return json.loads(line)


@pytest.mark.parametrize("name", BUNDLES)
def test_the_device_verifies_the_bundle(
    made: Path, tmp_path: Path, name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    install(made, name, tmp_path)
    assert main(["models", "verify", "--models", str(tmp_path)]) == 0
    assert "pass" in capsys.readouterr().out


@pytest.mark.parametrize("name", BUNDLES)
def test_xnnpack_runs_all_of_it_and_the_card_is_written(made: Path, name: str) -> None:
    bundle = made / "bundles" / name
    manifest = load_bundle(bundle).manifest
    assert all(conversion.operations for conversion in manifest.conversions.values())
    assert not any(conversion.slow_operations for conversion in manifest.conversions.values())
    assert "## Limits" in (bundle / "README.md").read_text("utf-8")


def test_a_cascade_killed_between_stages_goes_on_to_the_same_networks(made: Path, tmp_path: Path) -> None:
    again = tmp_path / "again"
    shutil.copytree(made / "data", again / "data")
    shutil.copytree(made / "runs" / "faces", again / "runs" / "faces")
    for lost in ("onet.keras", "training.json"):
        (again / "runs" / "faces" / lost).unlink()
    finish(start(WORKER, again, "train:faces"))
    first, second = (weights_of(folder / "runs" / "faces" / "onet.keras") for folder in (made, again))
    assert first
    assert first == second


def weights_of(network: Path) -> dict[str, bytes]:
    """The arrays of a Keras file by name."""
    with zipfile.ZipFile(network) as archive, h5py.File(io.BytesIO(archive.read("model.weights.h5"))) as file:
        found: dict[str, bytes] = {}
        file.visititems(lambda name, item: found.update({name: item[()].tobytes()}) if hasattr(item, "shape") else None)
    return found


@pytest.fixture
def face_picture(made: Path) -> Path:
    return made / "data" / "mtfl" / "lfw_5590" / "P0_0001.jpg"


def test_analyze_reads_emotion_and_eyes(
    made: Path, installed: Path, face_picture: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    install(made, "emotion", installed)
    install(made, "eyes", installed)
    (face,) = analyze(installed, face_picture, capsys)["faces"]
    assert set(face["emotion"]["probabilities"]) == set(fer2013.LABELS)
    assert set(face["eyes"]) == {"left_open", "right_open"}
    assert load_bundle(installed / "eyes").manifest.labels == eyes.LABELS


@pytest.mark.parametrize(("name", "labels"), [("gesture", leap.LABELS), ("own", OWN_LABELS)])
def test_analyze_reads_ones_own_gestures(
    made: Path, installed: Path, name: str, labels: tuple[str, ...], capsys: pytest.CaptureFixture[str]
) -> None:
    install(made, name, installed)
    hands = analyze(installed, made / "data" / "own" / "palm" / "ann" / "0.jpg", capsys)["hands"]
    assert hands, "the shipped detector finds a rendered hand"
    assert set(hands[0]["gesture"]["probabilities"]) == set(labels)


def test_ones_own_bundle_says_whose_pictures_it_is_of(made: Path) -> None:
    card = (made / "bundles" / "own" / "README.md").read_text("utf-8")
    assert "Its owner's pictures" in card
    assert "HaGRID" not in card


@pytest.mark.parametrize(("name", "threshold"), [("faces", "onet"), ("hands", "onet"), ("single_shot", "score")])
def test_analyze_looks_with_a_new_detector(
    made: Path, installed: Path, face_picture: Path, name: str, threshold: str, capsys: pytest.CaptureFixture[str]
) -> None:
    install(made, name, installed)
    manifest = load_bundle(made / "bundles" / name).manifest
    found = analyze(installed, face_picture, capsys)[manifest.task.value]
    assert all(manifest.thresholds[threshold] <= one["score"] <= 1 for one in found), "not below the threshold"


@pytest.mark.parametrize("name", ["faces", "hands"])
def test_a_cascade_has_the_thresholds_of_its_recipe(made: Path, name: str) -> None:
    manifest = load_bundle(made / "bundles" / name).manifest
    assert manifest.thresholds == {"pnet": 0.55, "rnet": 0.65, "onet": 0.75}
    assert set(manifest.networks) == set(NETWORKS)


def test_a_single_shot_detector_has_the_thresholds_that_its_training_chose(made: Path) -> None:
    manifest = load_bundle(made / "bundles" / "single_shot").manifest
    chosen = json.loads((made / "runs" / "single_shot" / "training.json").read_text("utf-8"))["thresholds"]
    assert manifest.thresholds == chosen
    assert set(manifest.networks) == {"detector", "onet"}
    assert manifest.is_confirmed


def test_identity_is_judged_on_pairs(made: Path) -> None:
    result = json.loads((made / "evaluate.json").read_text("utf-8"))
    assert (result["task"], result["n"]) == ("identity", 16)
    assert len(result["int8"]["folds"]) == 2
    assert result["float"]["same"] == result["int8"]["same"] == 8
    manifest = load_bundle(made / "bundles" / "identity").manifest
    assert manifest.metrics[0].data == "people held out"
    assert manifest.networks["identity"].outputs == ("embedding",)
    assert -1 <= manifest.thresholds["same_person"] <= 1


def test_a_training_can_begin_with_an_embedder_that_flattens_its_map(made: Path) -> None:
    folder = made / "bundles" / "identity"
    golden, spec = np.load(folder / "golden.npz"), load_bundle(folder).manifest.networks["identity"].input
    said = golden["identity/embedding/float"]
    found = bundle_network(folder, "--initial").predict(spec.normalise(golden["identity/input"]), verbose=0)
    lengths = np.linalg.norm(found, axis=1) * np.linalg.norm(said, axis=1)
    assert ((found * said).sum(axis=1) / lengths).min() > 0.99
