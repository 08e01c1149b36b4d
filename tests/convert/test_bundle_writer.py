"""Writing a bundle: whole or not at all, the same bytes for the same networks, and sound when read back."""

import errno
import hashlib
import json
import time
from dataclasses import replace
from pathlib import Path
from typing import IO, Any

import numpy as np
import pytest

from convert.bundle import BundleDraft, NetworkDraft, golden_archive, write_bundle
from convert.bundle.card import Card, shipped_card
from convert.bundle.checkpoint import CheckpointError, network_files, read_calibration, read_report
from convert.bundle.commands import read_metrics
from convert.bundle.writer import BundleWriteError
from edge.errors import InputError, ModelError
from edge.inference import Task, load_bundle, verify_bundle
from edge.inference.manifest import Metrics, Training, TrainingData

DATA = (TrainingData(name="made up", terms="none"),)
CARD = Card(title="Eyes", summary="Sees eyes.", intended_use="Tests.", limits=("It is a fake.",), data=DATA)


@pytest.fixture
def draft(models_dir: Path) -> BundleDraft:
    """A bundle around the shipped network for eyes."""
    shipped = load_bundle(models_dir / "eyes", Task.EYES)
    spec = shipped.manifest.networks["eyes"]
    network = NetworkDraft(
        model=shipped.models["eyes"],
        input=spec.input,
        outputs=spec.outputs,
        macs=spec.macs,
        golden=np.random.default_rng(0).integers(0, 256, (3, *spec.input.shape[1:]), np.uint8),
        golden_float={"logits": np.zeros((3, 2), np.float32)},
    )
    return BundleDraft(
        task=Task.EYES,
        version="1.2.3",
        networks={"eyes": network},
        training=Training(data=DATA, command="vigil-convert train eyes", seed=7),
        card=CARD,
        labels=("closed", "open"),
        metrics=(
            Metrics(
                data="made up",
                n=10,
                float={"accuracy": 0.9},
                int8={"accuracy": 0.8, "per_class": {"open": {"precision": None, "recall": 0.5, "n": 4}}},
            ),
        ),
    )


def hashes(folder: Path) -> dict[str, str]:
    return {file.name: hashlib.sha256(file.read_bytes()).hexdigest() for file in sorted(folder.iterdir())}


def test_what_is_written_is_read_and_verified(draft: BundleDraft, tmp_path: Path) -> None:
    manifest = write_bundle(draft, tmp_path / "models" / "eyes")
    bundle = load_bundle(tmp_path / "models" / "eyes", Task.EYES)
    assert bundle.manifest == manifest
    assert (manifest.version, manifest.labels, manifest.training.seed) == ("1.2.3", ("closed", "open"), 7)
    assert [(drift.network, drift.output, drift.steps) for drift in verify_bundle(bundle)] == [("eyes", "logits", 0)]
    assert sorted(hashes(bundle.path)) == ["README.md", "eyes.tflite", "golden.npz", "manifest.json"]
    assert [entry.name for entry in bundle.path.parent.iterdir()] == ["eyes"], "no temporary folder stays"


def test_the_same_draft_gives_the_same_bytes(draft: BundleDraft, tmp_path: Path) -> None:
    write_bundle(draft, tmp_path / "one")
    write_bundle(draft, tmp_path / "two")
    assert hashes(tmp_path / "one") == hashes(tmp_path / "two")


def test_golden_bytes_depend_on_no_clock_and_no_order(monkeypatch: pytest.MonkeyPatch) -> None:
    arrays = {"b": np.arange(3), "a/x": np.ones((2, 2), np.int8)}
    first = golden_archive(arrays)
    monkeypatch.setattr(time, "time", lambda: 2e9)
    assert golden_archive(dict(reversed(arrays.items()))) == first


def test_a_new_bundle_replaces_the_old(draft: BundleDraft, tmp_path: Path) -> None:
    write_bundle(draft, tmp_path / "eyes")
    (tmp_path / "eyes" / "left_over.tflite").write_bytes(b"")
    write_bundle(replace(draft, version="2.0.0"), tmp_path / "eyes")
    assert load_bundle(tmp_path / "eyes").manifest.version == "2.0.0"
    assert "left_over.tflite" not in hashes(tmp_path / "eyes")


@pytest.mark.parametrize(
    ("change", "error"),
    [({"labels": ("open",)}, ValueError), ({"networks": {}}, ValueError)],
    ids=["a label missing", "no network"],
)
def test_an_unfit_draft_leaves_the_old_bundle_whole(
    draft: BundleDraft, tmp_path: Path, change: dict, error: type[Exception]
) -> None:
    write_bundle(draft, tmp_path / "eyes")
    before = hashes(tmp_path / "eyes")
    with pytest.raises(error):
        write_bundle(replace(draft, **change), tmp_path / "eyes")
    assert hashes(tmp_path / "eyes") == before
    assert [entry.name for entry in tmp_path.iterdir()] == ["eyes"]


def test_a_damaged_network_leaves_the_old_bundle_whole(draft: BundleDraft, tmp_path: Path) -> None:
    write_bundle(draft, tmp_path / "eyes")
    before = hashes(tmp_path / "eyes")
    broken = replace(draft.networks["eyes"], model=b"TFL3 but no flatbuffer")
    with pytest.raises(ModelError):
        write_bundle(replace(draft, networks={"eyes": broken}), tmp_path / "eyes")
    assert hashes(tmp_path / "eyes") == before


def test_a_rename_that_fails_brings_the_old_bundle_back(
    draft: BundleDraft, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_bundle(draft, tmp_path / "eyes")
    before = hashes(tmp_path / "eyes")
    rename = Path.rename

    def fail_for_new(path: Path, target: Path) -> Path:
        if path.parent.name.startswith(".eyes-") and path.name == "eyes":
            raise OSError(28, "No space left on device", str(path))
        return rename(path, target)

    monkeypatch.setattr(Path, "rename", fail_for_new)
    with pytest.raises(BundleWriteError, match="No space left"):
        write_bundle(draft, tmp_path / "eyes")
    assert hashes(tmp_path / "eyes") == before


@pytest.mark.parametrize("file", ["eyes.tflite", "golden.npz", "manifest.json", "README.md"])
def test_a_full_disk_leaves_the_old_bundle_whole(
    draft: BundleDraft, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, file: str
) -> None:
    write_bundle(draft, tmp_path / "eyes")
    before = hashes(tmp_path / "eyes")
    open_path = Path.open

    def fill_up(path: Path, mode: str = "r", *arguments: object, **options: object) -> IO[Any]:
        if path.name == file and "w" in mode:
            raise OSError(errno.ENOSPC, "No space left on device", str(path))
        return open_path(path, mode, *arguments, **options)

    with monkeypatch.context() as patch:
        patch.setattr(Path, "open", fill_up)
        with pytest.raises(BundleWriteError, match=f"No space left on device: .*{file}.*what was here stays"):
            write_bundle(replace(draft, version="2.0.0"), tmp_path / "eyes")
    assert hashes(tmp_path / "eyes") == before
    assert [entry.name for entry in tmp_path.iterdir()] == ["eyes"], "no temporary folder stays"


@pytest.mark.parametrize("kind", ["folder", "file"])
def test_nothing_but_a_bundle_is_replaced(draft: BundleDraft, tmp_path: Path, kind: str) -> None:
    out = tmp_path / "photos"
    if kind == "folder":
        out.mkdir()
        (out / "holiday.jpg").write_bytes(b"precious")
    else:
        out.write_bytes(b"precious")
    with pytest.raises(BundleWriteError, match="holds something else"):
        write_bundle(draft, out)
    assert (out / "holiday.jpg" if kind == "folder" else out).read_bytes() == b"precious"


def test_the_card_says_what_the_manifest_says(draft: BundleDraft, tmp_path: Path) -> None:
    write_bundle(draft, tmp_path / "eyes")
    card = (tmp_path / "eyes" / "README.md").read_text("utf-8")
    for words in (
        "# Eyes",
        "- It is a fake.",
        "| accuracy | 0.8000 | 0.9000 |",
        "| open | 4 | – | 0.5000 | – | – |",
        "made up",
    ):
        assert words in card
    assert "vigil-convert train eyes" in card


@pytest.mark.parametrize(
    "task", [task.value for task in Task if task.is_detector or task.is_classifier] + ["hands_single_shot"]
)
def test_every_task_has_a_card(task: str) -> None:
    card = shipped_card(task)
    assert card.limits
    assert all(data.terms for data in card.data)


def test_a_checkpoint_that_lacks_a_file_is_named(tmp_path: Path) -> None:
    (tmp_path / "pnet.keras").touch()
    with pytest.raises(CheckpointError, match=r"rnet\.keras: no such file; .* pnet\.keras, rnet\.keras, onet\.keras"):
        network_files(tmp_path, Task.FACES)


@pytest.mark.parametrize("content", [None, "{", '{"seed": 1}', '{"seed": "x", "recipe": {}}'])
def test_an_unfit_report_is_named(tmp_path: Path, content: str | None) -> None:
    if content is not None:
        (tmp_path / "training.json").write_text(content)
    with pytest.raises(CheckpointError, match=r"training\.json"):
        read_report(tmp_path)


def test_calibration_needs_every_network(tmp_path: Path) -> None:
    np.savez(tmp_path / "windows.npz", pnet=np.zeros((2, 12, 12, 3), np.uint8))
    with pytest.raises(CheckpointError, match=r"\['rnet'\] missing, holds \['pnet'\]"):
        read_calibration(tmp_path / "windows.npz", ("pnet", "rnet"))
    (tmp_path / "text.npz").write_text("no archive")
    with pytest.raises(CheckpointError, match="not a readable"):
        read_calibration(tmp_path / "text.npz", ("pnet",))


def test_metrics_come_from_evaluate(tmp_path: Path) -> None:
    file = tmp_path / "faces.json"
    file.write_text(json.dumps({"task": "faces", "data": "mtfl", "n": 3, "int8": {"recall": 0.9}, "float": None}))
    assert read_metrics(file) == Metrics(data="mtfl", n=3, int8={"recall": 0.9}, float=None)
    file.write_text("[]")
    with pytest.raises(InputError, match="not what"):
        read_metrics(file)


def test_metrics_name_the_data_but_not_where_they_lie(tmp_path: Path) -> None:
    file = tmp_path / "faces.json"
    figures = {"task": "faces", "data": "/home/ann/data/mtfl/held-back", "n": 3, "int8": {"recall": 0.9}, "float": None}
    file.write_text(json.dumps(figures))
    assert read_metrics(file).data == "mtfl/held-back"
