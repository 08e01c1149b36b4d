"""Runs ``vigil-convert bundle`` in a process of its own (Keras on TensorFlow), for ``test_bundle_command.py``.

``prepare FOLDER`` makes checkpoints of untrained networks and a data set; ``bundle FOLDER OUT`` makes two bundles of
them; ``more FOLDER OUT`` also a fine-tuned one, and ``refusals.json``: for each bad input exit status and message.
"""

import contextlib
import io
import json
import shutil
import sys
from pathlib import Path

import cv2
import keras
import numpy as np

from convert.cli import main
from convert.data.fer2013 import LABELS
from convert.networks.cascade import NETWORKS, WINDOW_SIDES
from convert.networks.presets import Architecture, Stage, Stem
from convert.networks.resnet import build_resnet

RECIPE = {
    "task": "emotion",
    "dataset": "fer2013",
    "labels": list(LABELS),
    "input": {"size": 40, "margin": 4, "second_look_below": 0.05, "train_size": 40, "colour": "grey"},
    "network": {"stem_width": 8, "stem_stride": 2, "stages": [{"width": 8, "blocks": 1, "stride": 2}]},
    "optimiser": {"epochs": 1, "batch": 16, "rate": 0.01, "precision": "float32"},
}


def classifier(classes: int, channels: int = 1) -> keras.Model:
    architecture = Architecture(Stem(8, stride=2), (Stage(8, 1, 2),), "basic")
    return build_resnet(architecture, name="emotion", size=40, channels=channels, classes=classes, dropout=0.0)


def blurred(random: np.random.Generator, n: int, side: int, channels: int) -> np.ndarray:
    """``(n, side, side, channels)``: pictures rather than white noise."""
    coarse = random.integers(0, 256, (n, side // 4, side // 4, channels), np.uint8)
    return coarse.repeat(4, axis=1).repeat(4, axis=2)


def prepare(folder: Path) -> None:
    keras.utils.set_random_seed(0)
    random = np.random.default_rng(0)
    for part, number in (("train", 10), ("test", 6)):
        for label in LABELS:
            (folder / "data" / part / label).mkdir(parents=True)
            for position, image in enumerate(blurred(random, number, 48, 1)):
                cv2.imwrite(str(folder / "data" / part / label / f"{position}.png"), image)
    emotion, faces = folder / "emotion", folder / "faces"
    for checkpoint, recipe in ((emotion, RECIPE), (faces, {"task": "faces"})):
        checkpoint.mkdir()
        (checkpoint / "training.json").write_text(
            json.dumps({"recipe": recipe, "seed": 3, "teachers": 2, "beginnings": 2})
        )
    classifier(len(LABELS)).save(emotion / "network.keras")
    for name, build in NETWORKS.items():
        build().save(faces / f"{name}.keras")
    windows = {name: blurred(random, 60, side, 3) for name, side in WINDOW_SIDES.items()}
    np.savez(faces / "calibration.npz", **windows)


def arguments(folder: Path, task: str, out: Path) -> list[str]:
    checkpoint = folder / task
    inputs = ["--data", str(folder / "data")]
    if task == "faces":
        inputs = ["--calibration", str(checkpoint / "calibration.npz"), "--threshold", "pnet=0.6"]
    return ["bundle", task, "--checkpoint", str(checkpoint), *inputs, "--out", str(out)]


def bundle(folder: Path, out: Path) -> None:
    for task in ("emotion", "faces"):
        if status := main(arguments(folder, task, out / task)):
            sys.exit(status)


def more(folder: Path, out: Path) -> None:
    bundle(folder, out)
    command = arguments(folder, "emotion", out / "tuned")
    if status := main([*command, "--fine-tune", "always", "--fine-tune-epochs", "1"]):
        sys.exit(status)
    refuse(folder)


def bad_inputs(folder: Path) -> dict[str, list[str]]:
    """The command line of each case."""

    def copy(task: str, name: str) -> Path:
        return Path(shutil.copytree(folder / task, folder / "bad" / name / task)).parent

    cases = {}
    for name in ("other_classes", "other_channels", "no_keras", "cut_off", "other_labels", "other_report"):
        case = copy("emotion", name)
        cases[name] = arguments(case, "emotion", case / "out")
        cases[name][cases[name].index("--data") + 1] = str(folder / "data")
        network = case / "emotion" / "network.keras"
        report = case / "emotion" / "training.json"
        if name == "other_classes":
            classifier(3).save(network)
        elif name == "other_channels":
            classifier(len(LABELS), channels=3).save(network)
        elif name == "no_keras":
            network.write_text("weights")
        elif name == "cut_off":
            network.write_bytes(network.read_bytes()[:5000])
        elif name == "other_labels":
            report.write_text(json.dumps({"recipe": {**RECIPE, "labels": list(reversed(LABELS))}, "seed": 3}))
        elif name == "other_report":
            report.write_text(json.dumps({"recipe": {"task": "faces"}, "seed": 3}))
    windows = dict(np.load(folder / "faces" / "calibration.npz"))
    changes = {
        "empty": {"rnet": windows["rnet"][:0]},
        "black": {name: np.zeros_like(pixels) for name, pixels in windows.items()},
        "other_size": {"onet": windows["rnet"]},
    }
    for name, change in changes.items():
        case = copy("faces", name)
        np.savez(case / "faces" / "calibration.npz", **{**windows, **change})
        cases[name] = arguments(case, "faces", case / "out")
    case = copy("faces", "swapped")
    shutil.copy(case / "faces" / "rnet.keras", case / "faces" / "onet.keras")
    cases["swapped"] = arguments(case, "faces", case / "out")
    cases["tuned_cascade"] = [*arguments(folder, "faces", folder / "bad" / "out"), "--fine-tune", "always"]
    return cases


def refuse(folder: Path) -> None:
    found = {}
    for name, command in bad_inputs(folder).items():
        stream = io.StringIO()
        with contextlib.redirect_stderr(stream):
            status = main(command)
        found[name] = {"status": status, "message": stream.getvalue(), "written": Path(command[-1]).exists()}
    (folder / "refusals.json").write_text(json.dumps(found))


if __name__ == "__main__":
    what, *paths = sys.argv[1:]
    {"prepare": prepare, "bundle": bundle, "more": more}[what](*map(Path, paths))
