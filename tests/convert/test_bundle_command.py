"""``vigil-convert bundle`` as a whole: the same bytes in every run, and a message for every bad input."""

import hashlib
import json
from pathlib import Path

import cv2
import pytest
from keras_process import finish, start

pytest.importorskip("tensorflow", reason="the convert extra is not installed")

from edge.inference import Task, load_bundle, verify_bundle
from edge.perception.classifier import Classifier

WORKER = Path(__file__).with_name("bundle_worker.py")

RUNS = {
    "busy": {"PYTHONHASHSEED": "1", "TF_ENABLE_ONEDNN_OPTS": "0", "TF_NUM_INTRAOP_THREADS": "1"},
    "idle": {"PYTHONHASHSEED": "2", "TF_NUM_INTRAOP_THREADS": "4"},
}
"""By the name of a run what of its surroundings must not show in a bundle."""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("bundling")
    finish(start(WORKER, "prepare", made))
    return made


@pytest.fixture(scope="module")
def logs(folder: Path) -> dict[str, str]:
    """What each of :data:`RUNS` said; its bundles are in the folder of its name."""
    what = {"busy": "bundle", "idle": "more"}
    running = {name: start(WORKER, what[name], folder, folder / name, **around) for name, around in RUNS.items()}
    return {name: finish(process) for name, process in running.items()}


@pytest.mark.parametrize("task", ["emotion", "faces"])
def test_the_same_checkpoint_gives_the_same_bytes(folder: Path, logs: dict[str, str], task: str) -> None:
    """Whatever the number of threads, the kernels of the workstation, and the order of its hashes."""
    first, second = ({file.name: digest(file) for file in (folder / name / task).iterdir()} for name in RUNS)
    assert first == second


@pytest.mark.parametrize("task", [Task.EMOTION, Task.FACES])
def test_the_bundle_says_how_it_became_int8(folder: Path, logs: dict[str, str], task: Task) -> None:
    bundle = load_bundle(folder / "idle" / task.value, task)
    assert all(drift.passed for drift in verify_bundle(bundle))
    assert set(bundle.manifest.conversions) == set(bundle.manifest.networks)
    for name, conversion in bundle.manifest.conversions.items():
        assert set(conversion.parity) == set(bundle.manifest.networks[name].outputs)
        assert conversion.slow_operations == {}
    card = (bundle.path / "README.md").read_text("utf-8")
    assert "all by XNNPACK" in card
    assert bundle.manifest.training.command in card
    counts = [bundle.manifest.training.command.count(words) for words in ("--teacher TEACHER", "--initial FIRST_RUN")]
    assert counts == [2, 2], "as many as the report counts"


def test_figures_and_golden_inputs_are_of_what_the_device_shows_the_network(folder: Path, logs: dict[str, str]) -> None:
    bundle = load_bundle(folder / "idle" / "emotion", Task.EMOTION)
    spec = bundle.manifest.networks["emotion"].input
    assert (spec.shape, spec.margin, spec.second_look_below) == ((1, 40, 40, 1), 4, 0.05)
    assert "40×40 grey, its mirror image too where it is unsure" in (bundle.path / "README.md").read_text("utf-8")
    classifier, right = Classifier(bundle), []
    for label in bundle.manifest.labels:
        for file in sorted((folder / "data" / "test" / label).iterdir()):
            right.append(classifier.read(cv2.imread(str(file))).said.label == label)
    (metrics,) = bundle.manifest.metrics
    assert (metrics.n, metrics.int8["accuracy"]) == (len(right), round(sum(right) / len(right), 6))


def test_the_command_prints_what_int8_costs(logs: dict[str, str]) -> None:
    for words in (
        "int8 ms",
        "emotion/logits",
        "onet/landmarks",
        "XNNPACK",
        "change",
        "surprise",
        "fine-tuned for int8",
    ):
        assert words in logs["idle"]


def test_a_fine_tuned_bundle_verifies_and_names_its_command(folder: Path, logs: dict[str, str]) -> None:
    bundle = load_bundle(folder / "idle" / "tuned", Task.EMOTION)
    assert all(drift.passed for drift in verify_bundle(bundle))
    assert "--fine-tune always --fine-tune-epochs 1" in bundle.manifest.training.command


@pytest.fixture(scope="module")
def refusals(folder: Path, logs: dict[str, str]) -> dict[str, dict]:
    return json.loads((folder / "refusals.json").read_text())


@pytest.mark.parametrize(
    ("case", "status", "words"),
    [
        ("other_classes", 66, ["network.keras", "'logits' with 7 channels", "'logits' with 3 channels"]),
        ("other_channels", 66, ["network.keras", "(40, 40, 1)", "(40, 40, 3)", "another training"]),
        ("no_keras", 66, ["network.keras", "not a Keras network"]),
        ("cut_off", 66, ["network.keras", "not a Keras network"]),
        ("other_labels", 78, ["labels", "angry", "neutral"]),
        ("other_report", 66, ["this checkpoint is for 'faces'", "asked for 'emotion'"]),
        ("empty", 66, ["calibration.npz", "rnet", "at least 20", "(0, 24, 24, 3)"]),
        ("black", 65, ["calibration", "[0, 0, 0]", "no range can be measured"]),
        ("other_size", 66, ["calibration.npz", "onet", "(n, 48, 48, 3)", "(60, 24, 24, 3)"]),
        ("swapped", 66, ["onet.keras", "(48, 48, 3)", "(24, 24, 3)"]),
        ("tuned_cascade", 78, ["--fine-tune", "faces"]),
    ],
)
def test_bad_input_gets_a_message(refusals: dict[str, dict], case: str, status: int, words: list[str]) -> None:
    found = refusals[case]
    assert found["status"] == status, found
    assert not found["written"]
    assert all(word in found["message"] for word in words), found["message"]


def digest(file: Path) -> str:
    return hashlib.sha256(file.read_bytes()).hexdigest()
