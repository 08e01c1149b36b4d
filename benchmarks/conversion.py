"""How long the shipped networks take from a Keras network to a checked int8 bundle.

    python benchmarks/conversion.py                       # networks of the shipped sizes, untrained
    python benchmarks/conversion.py --checkpoints runs    # those of runs/<task>, trained

Prints for each network how long the conversion with its checks takes, and the times of a run in float and in int8 on
one thread.  CPU seconds tell what a busy machine would take if it were idle.  Reading the data sets, which bundling
does too, is not in it.
"""

from __future__ import annotations

import argparse
import os
import time
from collections.abc import Iterator
from pathlib import Path

os.environ["KERAS_BACKEND"] = "tensorflow"
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import keras
import numpy as np

from convert.bundle.checkpoint import load_network, network_files
from convert.networks.cascade import NETWORKS
from convert.quantize.quantize import quantize
from convert.training.network import build_network
from convert.training.recipe import read_recipe
from edge.inference import Manifest, Task, load_bundle
from edge.inference.bundle import default_models_dir
from edge.inference.manifest import InputSpec
from edge.tables import format_table

RECIPES = Path(__file__).resolve().parents[1] / "convert" / "recipes"
CALIBRATION, CHECK = 500, 512
"""As many inputs as ``vigil-convert bundle`` takes."""


def main() -> None:
    """Measure, and print a table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--checkpoints", type=Path, metavar="DIR", help="folder with a checkpoint for each task")
    arguments = parser.parse_args()
    print(format_table(rows(arguments.checkpoints)))


def rows(checkpoints: Path | None) -> Iterator[tuple[str, ...]]:
    """The table: header, each network, and the sum of each bundle."""
    yield ("network", "MMAC", "conversion s", "CPU s", "float ms", "int8 ms")
    for folder in sorted(default_models_dir().iterdir()):
        if not (folder / "manifest.json").is_file():
            continue
        manifest = load_bundle(folder).manifest
        total, total_cpu = 0.0, 0.0
        for name, network in networks(manifest, checkpoints):
            started, started_cpu = time.perf_counter(), time.process_time()
            quantized = quantize(network, _trained_input(manifest, name), *_pixels(manifest, name))
            seconds, cpu = time.perf_counter() - started, time.process_time() - started_cpu
            total, total_cpu = total + seconds, total_cpu + cpu
            yield (
                f"{manifest.name}/{name}",
                f"{quantized.macs / 1e6:.2f}",
                f"{seconds:.1f}",
                f"{cpu:.1f}",
                f"{quantized.float_ms:.3f}",
                f"{quantized.int8_ms:.3f}",
            )
        yield (f"{manifest.name}, whole", "", f"{total:.1f}", f"{total_cpu:.1f}", "", "")


def networks(manifest: Manifest, checkpoints: Path | None) -> Iterator[tuple[str, keras.Model]]:
    """The bundle's Keras networks by name: those of its checkpoint, or such as its recipe builds."""
    task = Task(manifest.task)
    if checkpoints is not None:
        for name, file in network_files(checkpoints / task.value, task).items():
            yield name, load_network(file)
    elif task.is_detector:
        for name, build in NETWORKS.items():
            yield name, build()
    elif task.is_classifier:
        recipe = read_recipe(RECIPES / f"{task.value}.toml")
        yield task.value, build_network(recipe, recipe.input.size)


def _trained_input(manifest: Manifest, name: str) -> InputSpec:
    """The float network's input: the means that training uses are half a grey level below the device's."""
    device = manifest.networks[name].input
    return device.model_copy(update={"dtype": "float32", "mean": device.mean - 0.5})


def _pixels(manifest: Manifest, name: str) -> tuple[np.ndarray, np.ndarray]:
    """Smooth random pictures to calibrate on and to check with."""
    _, height, width, channels = manifest.networks[name].input.shape
    random = np.random.default_rng(0)
    coarse = random.integers(0, 256, (CALIBRATION + CHECK, height // 4, width // 4, channels), np.uint8)
    pixels = coarse.repeat(4, axis=1).repeat(4, axis=2)
    return pixels[:CALIBRATION], pixels[CALIBRATION:]


if __name__ == "__main__":
    main()
