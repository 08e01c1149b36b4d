"""Converts small networks in a process of its own (Keras on TensorFlow) for ``test_quantize_networks.py``.

Writes to the folder ``argv[1]``, for each network: ``<name>.tflite``, ``<name>.npz`` (pixels and float outputs) and
``<name>.json``.
"""

import json
import sys
from pathlib import Path

import keras
import numpy as np

from convert.networks.cascade import onet, pnet, rnet
from convert.networks.presets import Architecture, Stage, Stem
from convert.networks.resnet import build_resnet
from convert.quantize.calibration import with_full_range
from convert.quantize.delegation import undelegated_operations
from convert.quantize.quantize import quantize
from convert.quantize.report import format_report
from convert.quantize.rewrite import RewriteError, rewrite_for_device
from convert.quantize.run import run_float
from convert.quantize.tflite import convert_int8
from edge.inference.manifest import InputSpec

RGB = {"colour": "rgb", "mean": 127.5, "scale": 1 / 128, "dtype": "float32"}
GREY = {**RGB, "colour": "grey"}


def small_resnet() -> keras.Model:
    network = build_resnet(
        Architecture(Stem(8), (Stage(8, 1, 1), Stage(16, 1, 2))),
        name="gesture",
        size=16,
        channels=1,
        classes=3,
        dropout=0.1,
    )
    random = np.random.default_rng(1)
    for variable in network.weights:  # statistics that a trained normalisation has, so that folding them shows
        if variable.name == "moving_variance":
            variable.assign(random.uniform(0.5, 2, variable.shape))
        elif variable.name in ("moving_mean", "beta"):
            variable.assign(random.normal(0, 0.2, variable.shape))
    return network


NETWORKS = {
    "pnet": (pnet, InputSpec(shape=(1, 12, 12, 3), **RGB)),
    "rnet": (rnet, InputSpec(shape=(1, 24, 24, 3), **RGB)),
    "onet": (onet, InputSpec(shape=(1, 48, 48, 3), **RGB)),
    "gesture": (small_resnet, InputSpec(shape=(1, 16, 16, 1), **GREY)),
}


def smooth_pixels(shape: tuple[int, int, int, int], n: int) -> np.ndarray:
    """Blurred noise ``(n, height, width, channels)`` uint8: pictures rather than white noise."""
    random = np.random.default_rng(2)
    coarse = random.integers(0, 256, (n, shape[1] // 4, shape[2] // 4, shape[3]), np.uint8)
    return coarse.repeat(4, axis=1).repeat(4, axis=2)


def convert(name: str, folder: Path) -> None:
    build, spec = NETWORKS[name]
    network = build()
    network.save(folder / f"{name}.keras")
    pixels = smooth_pixels(spec.shape, 96)
    quantized = quantize(network, spec, pixels[:64], pixels[64:])
    expected = run_float(network, spec, pixels[64:])
    again = convert_int8(
        rewrite_for_device(network, quantized.input.shape),
        quantized.input.normalise(with_full_range(pixels[:64], quantized.input.shape)),
    )
    (folder / f"{name}.tflite").write_bytes(quantized.model)
    np.savez(folder / f"{name}.npz", pixels=pixels[64:], **expected)
    facts = {
        "outputs": quantized.outputs,
        "macs": quantized.macs,
        "input": quantized.input.model_dump(),
        "same_bytes_again": again == quantized.model,
        "relative_errors": {parity.output: parity.relative_error for parity in quantized.parity},
        "report": format_report([quantized]),
    }
    (folder / f"{name}.json").write_text(json.dumps(facts))


def refusals() -> dict[str, str]:
    """The messages for networks that can't be brought onto the device."""
    image = keras.Input((8, 8, 1))
    x = keras.layers.Conv2D(4, 3)(image)
    per_channel = keras.Model(image, keras.layers.PReLU(shared_axes=[1, 2], name="slopes")(x))
    flat = keras.Model(image, keras.layers.ReLU(name="bend")(keras.layers.Flatten(name="flatten")(x)))
    messages = {}
    for name, network in (("per_channel", per_channel), ("flatten", flat)):
        try:
            rewrite_for_device(network, (1, 8, 8, 1))
        except RewriteError as error:
            messages[name] = str(error)
    return messages


def softmax_leftovers() -> list[str]:
    """The undelegated operations of a network that ends in a softmax."""
    image = keras.Input((8, 8, 1), batch_size=1)
    x = keras.layers.GlobalAveragePooling2D()(keras.layers.Conv2D(4, 3)(image))
    network = keras.Model(image, keras.layers.Softmax()(x))
    model = convert_int8(network, np.zeros((2, 8, 8, 1), np.float32))
    return undelegated_operations(model)


if __name__ == "__main__":
    keras.utils.set_random_seed(0)
    out = Path(sys.argv[1])
    for network_name in NETWORKS:
        convert(network_name, out)
    (out / "refusals.json").write_text(json.dumps(refusals()))
    (out / "softmax.json").write_text(json.dumps(softmax_leftovers()))
