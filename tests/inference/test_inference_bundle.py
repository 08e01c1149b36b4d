"""A damaged or unknown bundle is refused with a message that says what, where and what to do."""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from edge.inference import Bundle, Task, load_bundle, verify_bundle
from edge.inference.bundle import BundleError
from edge.inference.manifest import InputSpec
from edge.inference.verify import MAX_DRIFT_STEPS, MAX_ERROR_RATIO

Manifest = dict[str, Any]


def edit(folder: Path, change: Callable[[Manifest], None]) -> None:
    file = folder / "manifest.json"
    manifest = json.loads(file.read_text())
    change(manifest)
    file.write_text(json.dumps(manifest))


def flip_bit(file: Path, position: int) -> None:
    content = bytearray(file.read_bytes())
    content[position] ^= 1
    file.write_bytes(bytes(content))


@pytest.mark.parametrize("task", [task for task in Task if task is not Task.IDENTITY])
def test_every_shipped_bundle_passes_its_golden_vectors(models_dir: Path, task: Task) -> None:
    drifts = verify_bundle(load_bundle(models_dir / task.value, task))
    assert drifts
    assert [drift for drift in drifts if not drift.passed] == []


@pytest.mark.parametrize("name", ["eyes.tflite", "golden.npz"])
def test_one_flipped_bit_is_found(bundle_copy: Path, name: str) -> None:
    flip_bit(bundle_copy / name, 1000)
    with pytest.raises(BundleError, match=rf"{name}: damaged or changed: its SHA-256 is .* install"):
        load_bundle(bundle_copy)


def test_what_inputs_had_later_is_written_only_where_it_says_something(models_dir: Path) -> None:
    spec = load_bundle(models_dir / "emotion", Task.EMOTION).manifest.networks["emotion"].input
    plain = spec.model_copy(update={"margin": 0, "second_look_below": 0.0, "least_contrast": 0.0})
    assert not {"margin", "second_look_below", "least_contrast"} & set(plain.model_dump(mode="json"))
    viewed = plain.model_copy(update={"margin": 4, "second_look_below": 2.0}).model_dump(mode="json")
    assert (viewed["margin"], viewed["second_look_below"]) == (4, 2.0)
    assert InputSpec.model_validate(viewed).margin == 4


@pytest.mark.parametrize("key", ["margin", "second_look_below", "least_contrast"])
def test_what_only_classifiers_heed_is_refused_elsewhere(models_dir: Path, tmp_path: Path, key: str) -> None:
    folder = tmp_path / "hands"
    shutil.copytree(models_dir / "hands", folder)
    edit(folder, lambda manifest: manifest["networks"]["onet"]["input"].update({key: 4}))
    with pytest.raises(BundleError, match=rf"networks\.onet\.input\.{key} is for the crops of classifiers"):
        load_bundle(folder)


@pytest.mark.parametrize("margin", [-1, 5000])
def test_a_margin_wider_than_any_crop_is_refused(bundle_copy: Path, margin: int) -> None:
    edit(bundle_copy, lambda manifest: manifest["networks"]["eyes"]["input"].update(margin=margin))
    with pytest.raises(BundleError, match=r"networks\.eyes\.input\.margin"):
        load_bundle(bundle_copy)


def test_missing_network_file(bundle_copy: Path) -> None:
    (bundle_copy / "eyes.tflite").unlink()
    with pytest.raises(BundleError, match=r"eyes\.tflite: the manifest names this file"):
        load_bundle(bundle_copy)


def test_no_bundle_at_all(tmp_path: Path) -> None:
    with pytest.raises(BundleError, match="no bundle here"):
        load_bundle(tmp_path / "nothing")


def test_bundle_for_another_task(models_dir: Path) -> None:
    with pytest.raises(BundleError, match="expected a bundle for 'faces', this one is for 'eyes'"):
        load_bundle(models_dir / "eyes", Task.FACES)


def test_manifest_that_is_no_json(bundle_copy: Path) -> None:
    (bundle_copy / "manifest.json").write_text('{"format": 1,')
    with pytest.raises(BundleError, match="not valid JSON"):
        load_bundle(bundle_copy)


def drop_label(manifest: Manifest) -> None:
    manifest["labels"] = manifest["labels"][:1]


def repeat_label(manifest: Manifest) -> None:
    manifest["labels"] = [manifest["labels"][0]] * 2


def climb_out(manifest: Manifest) -> None:
    manifest["networks"]["eyes"]["file"] = "../eyes.tflite"


def another_format(manifest: Manifest) -> None:
    manifest["format"] = 99


def unknown_key(manifest: Manifest) -> None:
    manifest["surprise"] = True


def unknown_task(manifest: Manifest) -> None:
    manifest["task"] = "mind-reading"


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (drop_label, "at least two labels"),
        (repeat_label, "labels must differ"),
        (climb_out, "plain name in its folder, received '../eyes.tflite'"),
        (another_format, "bundle format 99 is unknown, this version of Vigil reads format 1"),
        (unknown_key, "surprise: Extra inputs are not permitted"),
        (unknown_task, "task: Input should be"),
    ],
)
def test_manifest_that_breaks_a_rule(bundle_copy: Path, change: Callable[[Manifest], None], message: str) -> None:
    edit(bundle_copy, change)
    with pytest.raises(BundleError, match=message):
        load_bundle(bundle_copy)


def replace(folder: Path, name: str, content: bytes) -> None:
    """Put ``content`` in place of a file, with its hash in the manifest."""
    (folder / name).write_bytes(content)
    digest = hashlib.sha256(content).hexdigest()
    edit(
        folder,
        lambda manifest: next(
            file for file in (manifest["golden"], *manifest["networks"].values()) if file["file"] == name
        ).update(sha256=digest),
    )


def test_a_network_that_is_none_is_named(bundle_copy: Path) -> None:
    replace(bundle_copy, "eyes.tflite", b"no network" * 100)
    with pytest.raises(BundleError, match=r"eyes\.tflite: can't be built for an input of shape"):
        load_bundle(bundle_copy).network("eyes")


def test_a_network_that_takes_another_input_is_named(bundle_copy: Path, models_dir: Path) -> None:
    replace(bundle_copy, "eyes.tflite", (models_dir / "faces" / "rnet.tflite").read_bytes())
    with pytest.raises(BundleError, match=r"eyes\.tflite: "):
        load_bundle(bundle_copy).network("eyes")


@pytest.mark.parametrize("content", [b"", b"no archive", b"PK\x03\x04 cut off"])
def test_golden_vectors_that_are_none(bundle_copy: Path, content: bytes) -> None:
    replace(bundle_copy, "golden.npz", content)
    with pytest.raises(BundleError, match="golden"):
        verify_bundle(load_bundle(bundle_copy))


def test_a_missing_label_is_found_by_verify(bundle_copy: Path) -> None:
    edit(bundle_copy, lambda manifest: manifest.update(labels=["closed", "half", "open"]))
    with pytest.raises(BundleError, match="3 for the network's 2 logits; a label is missing or one too many"):
        verify_bundle(load_bundle(bundle_copy))


def with_golden(bundle: Path, name: str, change: Callable[[np.ndarray], np.ndarray]) -> Bundle:
    """The bundle with one array of its golden vectors changed."""
    file = bundle / "golden.npz"
    with np.load(file) as archive:
        golden = {name: archive[name] for name in archive.files}
    golden[name] = change(golden[name])
    np.savez(file, **golden)
    replace(bundle, "golden.npz", file.read_bytes())
    return load_bundle(bundle)


def test_a_network_that_computes_something_else_is_reported_by_output(bundle_copy: Path) -> None:
    """As far as golden vectors tell: it answers to another input than theirs."""
    (drift,) = verify_bundle(with_golden(bundle_copy, "eyes/input", lambda pixels: pixels[::-1]))
    assert (drift.network, drift.output, drift.passed) == ("eyes", "logits", False)
    assert drift.steps > MAX_DRIFT_STEPS
    assert drift.error_ratio > MAX_ERROR_RATIO


def test_golden_values_that_are_wrong_themselves_excuse_nothing(bundle_copy: Path) -> None:
    def halved(raw: np.ndarray) -> np.ndarray:
        return (raw.astype(np.int16) // 2).astype(np.int8)

    (drift,) = verify_bundle(with_golden(bundle_copy, "eyes/logits/int8", halved))
    assert (drift.network, drift.output, drift.passed) == ("eyes", "logits", False)
    assert drift.steps > MAX_DRIFT_STEPS


def test_kernels_may_round_elsewhere(bundle_copy: Path) -> None:
    """Four steps from the workstation's answer, in turns above and below, and about as near to the float network's."""

    def moved(raw: np.ndarray) -> np.ndarray:
        signs = np.where(np.arange(raw.size) % 16 == 0, 4, 0).reshape(raw.shape)
        return (raw.astype(np.int16) + signs).clip(-128, 127).astype(np.int8)

    (drift,) = verify_bundle(with_golden(bundle_copy, "eyes/logits/int8", moved))
    assert drift.steps == 4
    assert drift.passed
