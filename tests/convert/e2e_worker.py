"""From pictures to bundles, in a process of its own, for ``test_e2e_train_to_device.py``.

``argv[1]`` is a folder with the data sets of ``e2e_data`` in ``data/``; for each further name, one of ``RECIPES``, it
gets ``runs/<name>`` and ``bundles/<name>``, and ``evaluate.json`` of identity; of ``train:<name>`` the former only.
Keras is on TensorFlow throughout, for only that converts.
"""

import contextlib
import io
import json
import sys
import time
from pathlib import Path

from e2e_data import OWN_LABELS

from convert.cli import main
from convert.data import eyes, fer2013, leap

NETWORK = {"stem_width": 8, "stem_stride": 2, "stages": [{"width": 8, "blocks": 1}, {"width": 16, "blocks": 1}]}
OPTIMISER = {
    "epochs": 1,
    "batch": 16,
    "samples_per_epoch": 320,  # enough that normalizations know their inputs: int8 strays from an untrained network
    "rate": 0.05,
    "precision": "float32",
    "average_momentum": 0.5,
}


MODELS = Path(__file__).parents[2] / "models"

SHIPPED_GESTURE = {
    "stem_width": 24,
    "stem_stride": 2,
    "stages": [{"width": width, "blocks": 2} for width in (32, 64, 128)],
}
"""That of the bundle with which one's own gestures begin."""


def classifier(task: str, dataset: str, labels: object, size: int, colour: str, **further: object) -> dict:
    return {
        "task": task,
        "dataset": dataset,
        "labels": list(labels),
        "input": {"size": size, "train_size": size, "colour": colour},
        "network": NETWORK,
        "optimiser": OPTIMISER,
        "augment": {"mirror": False, "shift": 0.05},
        **further,
    }


def cascade() -> dict:
    draw = {"positives": 4, "parts": 2, "near": 3}
    stage = {"steps": 20, "batch": 32, "precision": "float32", "mining_threshold": 0.5, "draw": draw}
    nobody = {"loader": "backgrounds", "folder": "nobody", "background": 20, "mined": 10}
    return {
        "task": "faces",
        "smallest_px": 48,
        "thresholds": {"pnet": 0.55, "rnet": 0.65, "onet": 0.75},
        "sources": {"objects": {"loader": "mtfl", "folder": "mtfl"}, "nobody": nobody},
        "stages": {"pnet": stage, "rnet": stage, "onet": stage},
    }


SINGLE_SHOT = {
    "task": "hands",
    "canvas": {"width": 128, "height": 96},
    "fit": {
        "epochs": 1,
        "steps_per_epoch": 40,
        "batch": 8,
        "warmup_steps": 5,
        "average_momentum": 0.8,
        "precision": "float32",
    },
    "sources": {
        "objects": {"loader": "boxes", "folder": "hands"},
        "nobody": {"loader": "backgrounds", "folder": "nobody"},
    },
}

ONET = {
    "task": "hands",
    "smallest_px": 40,
    "sources": {
        "objects": {"loader": "boxes", "folder": "hands"},
        "nobody": {"loader": "backgrounds", "folder": "nobody", "mined": 10},
    },
    "onet": {
        "steps": 20,
        "batch": 32,
        "precision": "float32",
        "widths": [16, 32, 32, 64, 128],
        "draw": {"positives": 4, "parts": 2, "near": 3},
    },
}

RECIPES = {
    "emotion": ("fer2013", classifier("emotion", "fer2013", fer2013.LABELS, 48, "grey")),
    "eyes": ("", classifier("eyes", "eyes", eyes.LABELS, 24, "grey")),
    "gesture": ("leap", classifier("gesture", "leap", leap.LABELS, 32, "grey")),
    "own": (
        "own",
        classifier("gesture", "folder", OWN_LABELS, 64, "rgb", folder={"crop": "hands"})
        | {"network": SHIPPED_GESTURE, "optimiser": {**OPTIMISER, "samples_per_epoch": 64, "rate": 0.01}},
    ),
    "faces": ("", cascade()),
    "single_shot": ("", SINGLE_SHOT),
    "onet": ("", ONET),
    "identity": (
        "people",
        {
            "task": "identity",
            "people": {"crop": "none", "held_out_share": 0.3},
            "input": {"size": 32, "train_size": 32, "colour": "rgb"},
            "network": {**NETWORK, "dimensions": 32, "dropout": 0.1},
            "optimiser": OPTIMISER,
        },
    ),
}
"""By the bundle's name: the data folder below ``data``, and the recipe."""


BEGINNINGS = {"own": ["--initial", MODELS / "gesture"], "onet": ["--initial", MODELS / "hands"]}


def toml(value: object) -> str:
    """A value as TOML, tables inline."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key} = {toml(part)}" for key, part in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(toml, value)) + "]"
    return json.dumps(value)


def run(*arguments: object) -> None:
    if status := main([str(argument) for argument in arguments]):
        sys.exit(f"{arguments}: exit status {status}")


def train(name: str, folder: Path) -> None:
    data_name, recipe = RECIPES[name]
    file = folder / f"{name}.toml"
    file.write_text("".join(f"{key} = {toml(value)}\n" for key, value in recipe.items()))
    beginning = BEGINNINGS.get(name, [])
    if name == "onet":
        beginning = [*beginning, "--detector", folder / "runs" / "single_shot"]
    data, out = folder / "data" / data_name, folder / "runs" / name
    run("train", recipe["task"], "--data", data, "--recipe", file, "--out", out, *beginning)


def make(name: str, folder: Path) -> None:
    if name == "hands":  # trained like a cascade for faces: it is bundled from that one, made before
        run("bundle", "hands", "--checkpoint", folder / "runs" / "faces", "--out", folder / "bundles" / "hands")
        return
    train(name, folder)
    if name == "single_shot":
        train("onet", folder)
    bundle(name, folder)
    if name == "identity":
        evaluate_identity(folder)


def bundle(name: str, folder: Path) -> None:
    data_name, recipe = RECIPES[name]
    task, data, checkpoint = recipe["task"], folder / "data" / data_name, folder / "runs" / name
    inputs = [] if task in ("faces", "hands") else ["--data", data, "--fine-tune", "never"]
    if task == "identity":
        inputs = ["--data", data]
    if name == "single_shot":
        inputs = ["--onet", folder / "runs" / "onet"]
    run("bundle", task, "--checkpoint", checkpoint, *inputs, "--out", folder / "bundles" / name)


def evaluate_identity(folder: Path) -> None:
    bundle, people = folder / "bundles" / "identity", folder / "data" / "people"
    with contextlib.redirect_stdout(io.StringIO()) as printed:
        run("evaluate", bundle, "--data", people, "--float", folder / "runs" / "identity", "--json")
    (folder / "evaluate.json").write_text(printed.getvalue())


if __name__ == "__main__":
    out = Path(sys.argv[1])
    for wanted in sys.argv[2:]:
        started = time.perf_counter()
        only, _, made = wanted.rpartition(":")
        (train if only else make)(made, out)
        print(f"{wanted}: {time.perf_counter() - started:.1f} s")
