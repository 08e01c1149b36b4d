"""Converts small networks in a process of its own (Keras on TensorFlow) for ``test_quantize_networks.py``.

Writes to the folder ``argv[1]``, for each network: ``<name>.tflite``, ``<name>.npz`` (pixels and float outputs) and
``<name>.json``.
"""

import json
import sys
from pathlib import Path
from unittest.mock import patch

import keras
import numpy as np

import convert.quantize.quantize as quantizing
from convert.networks.cascade import onet, pnet, rnet
from convert.networks.detector import DetectorSize, build_detector
from convert.networks.presets import Architecture, Stage, Stem
from convert.networks.resnet import build_resnet
from convert.quantize.aware import aware_network
from convert.quantize.quantize import QuantizedNetwork, device_network, lighten, quantize
from convert.quantize.report import conversion, format_report
from convert.quantize.rewrite import RewriteError, rewrite_for_device, without_softmax
from convert.quantize.run import run_float
from convert.quantize.signature import outputs_in_file_order
from convert.quantize.tflite import convert_int8
from edge.inference.manifest import InputSpec, NetworkSpec
from edge.inference.network import Network
from edge.inference.operations import operations
from edge.vision.heatmap import HEADS

RGB = {"colour": "rgb", "mean": 127.5, "scale": 1 / 128, "dtype": "float32"}
INT8 = InputSpec(shape=(1, 12, 12, 3), colour="rgb", mean=127.5, scale=1 / 128)
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


def slopes_network() -> keras.Model:
    """A cascade's network as others build it: a slope for each channel, from below 0 to above 1, and a softmax."""
    image = keras.Input((24, 24, 3))
    x = keras.layers.Conv2D(8, 3)(image)
    x = keras.layers.PReLU(shared_axes=[1, 2], name="map_slopes")(x)
    x = keras.layers.Conv2D(16, 5, strides=3)(x)
    x = keras.layers.PReLU(shared_axes=[1, 2, 3], name="negative_slope")(x)
    x = keras.layers.Flatten()(x)
    x = keras.layers.Dense(32)(x)
    x = keras.layers.BatchNormalization()(x)
    x = keras.layers.PReLU(name="dense_slopes")(x)
    face = keras.layers.Dense(2, activation="softmax", name="probabilities")(x)
    network = keras.Model(image, {"face": face, "box": keras.layers.Dense(4, name="edges")(x)}, name="slopes")
    random = np.random.default_rng(3)
    network.get_layer("map_slopes").set_weights([random.uniform(-0.5, 1.5, (1, 1, 8))])
    network.get_layer("negative_slope").set_weights([np.full((1, 1, 1), -0.2)])
    network.get_layer("dense_slopes").set_weights([random.uniform(0, 1, 32)])
    return network


def small_detector() -> keras.Model:
    network = build_detector(64, 96, DetectorSize(stem=8, widths=(8, 16, 16), blocks=(1, 1, 1)))
    random = np.random.default_rng(4)
    for head in HEADS:  # an untrained head hardly says anything but its bias
        kernel, bias = network.get_layer(head).get_weights()
        network.get_layer(head).set_weights([random.normal(0, 0.5, kernel.shape), bias])
    return network


NETWORKS = {
    "pnet": (pnet, InputSpec(shape=(1, 12, 12, 3), **RGB)),
    "rnet": (rnet, InputSpec(shape=(1, 24, 24, 3), **RGB)),
    "onet": (onet, InputSpec(shape=(1, 48, 48, 3), **RGB)),
    "gesture": (small_resnet, InputSpec(shape=(1, 16, 16, 1), **GREY)),
    "detector": (small_detector, InputSpec(shape=(1, 64, 96, 3), **RGB)),
    "slopes": (slopes_network, InputSpec(shape=(1, 24, 24, 3), **RGB)),
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
    with patch.object(quantizing, "lighten", wraps=quantizing.lighten) as lighter:
        quantized = quantize(network, spec, pixels[:64], pixels[64:])
    (before, _), _ = lighter.call_args
    (folder / f"{name}_before.tflite").write_bytes(before)
    logits = without_softmax(network)
    expected = run_float(logits, spec, pixels[64:])
    rewritten = rewrite_for_device(logits, spec.shape[1:])
    same = run_float(rewritten, spec, pixels[64:])
    (folder / f"{name}.tflite").write_bytes(quantized.model)
    np.savez(folder / f"{name}.npz", pixels=pixels[64:], **expected)
    facts = {
        "outputs": quantized.outputs,
        "macs": quantized.macs,
        "input": quantized.input.model_dump(),
        "noise_in_training": noise_in_training(network, quantized, pixels),
        "relative_errors": {parity.output: parity.relative_error for parity in quantized.parity},
        "rewriting_error": max(float(np.abs(same[name] - expected[name]).max()) for name in expected),
        "conversion": conversion(quantized).model_dump(),
        "report": format_report([quantized]),
    }
    (folder / f"{name}.json").write_text(json.dumps(facts))


def refusals() -> dict[str, str]:
    """The messages for networks that can't be brought onto the device."""
    image = keras.Input((8, 8, 1))
    x = keras.layers.Conv2D(4, 3)(image)
    by_position = keras.layers.PReLU("random_uniform", name="slopes")(x)
    pooled = keras.layers.Dense(4)(keras.layers.GlobalAveragePooling2D()(x))
    vector = keras.layers.PReLU("random_uniform", name="vector_slopes")(pooled)
    flat = keras.layers.Flatten()(x)
    cases = {
        "by_position": by_position,
        "vector": vector,
        "layer_after_flatten": keras.layers.Reshape((12, 12), name="fold")(flat),
        "flat_output": keras.layers.ReLU(name="bend")(flat),
    }
    messages = {}
    for name, output in cases.items():
        try:
            rewrite_for_device(keras.Model(image, output), (8, 8, 1))
        except RewriteError as error:
            messages[name] = str(error)
    return messages


def softmax_leftovers() -> list[str]:
    """The undelegated operations of a network that ends in a softmax."""
    image = keras.Input((8, 8, 1), batch_size=1)
    x = keras.layers.GlobalAveragePooling2D()(keras.layers.Conv2D(4, 3)(image))
    network = keras.Model(image, keras.layers.Softmax()(x))
    model = convert_int8(network, np.zeros((2, 8, 8, 1), np.float32))
    return [operation.name for operation in operations(model) if not operation.delegated]


LIGHTENED = {
    "pnet": (1, 36, 52, 3),
    "rnet": (4, 24, 24, 3),
    "slopes": (1, 24, 24, 3),
    "detector": (1, 96, 160, 3),
    "gesture": (1, 16, 16, 1),
}
"""Networks whose file is compared before and after, on an input of this shape."""


def lightened(name: str, folder: Path) -> dict[str, object]:
    """What of the file changes when it is made lighter, and whether its answers do."""
    _, spec = NETWORKS[name]
    before = (folder / f"{name}_before.tflite").read_bytes()
    after = lighten(before, unread={"landmarks"})
    shape = LIGHTENED[name]
    image = np.random.default_rng(5).integers(0, 256, shape, np.uint8)
    answers = {}
    for model in (before, after):
        outputs = outputs_in_file_order(model)
        known = NetworkSpec(file="network.tflite", sha256="0" * 64, input=spec, outputs=outputs, macs=0)
        network = Network(model, known.model_copy(update={"input": INT8}), shape=shape)
        network.invoke(image)
        answers[model] = {output: network.raw(output) for output in outputs}
    return {
        "unchanged": before == after,
        "outputs": sorted(answers[after]),
        "same": all(np.array_equal(answers[before][output], raw) for output, raw in answers[after].items()),
        "operations": [operation.name for operation in operations(after, shape)][:3],
        "slow": [operation.name for operation in operations(after, shape) if not operation.delegated],
    }


def noise_in_training(network: keras.Model, quantized: QuantizedNetwork, pixels: np.ndarray) -> float:
    """The error of fake quantization over that of the int8 file, both against float; calibrated as the file."""
    real = quantized.input.normalise(pixels)
    aware = aware_network(device_network(network, quantized.trained_input), real[:64])
    faked = aware(real[64:], training=False)
    expected, found = quantized.run_float(pixels[64:]), quantized.run(pixels[64:])
    noise, errors = (
        np.concatenate([(np.asarray(values[output]) - expected[output]).ravel() for output in expected])
        for values in (faked, found)
    )
    return float(np.sqrt((noise**2).mean() / (errors**2).mean()))


if __name__ == "__main__":
    keras.utils.set_random_seed(0)
    out = Path(sys.argv[1])
    for network_name in NETWORKS:
        convert(network_name, out)
    (out / "refusals.json").write_text(json.dumps(refusals()))
    (out / "lightened.json").write_text(json.dumps({name: lightened(name, out) for name in LIGHTENED}))
    (out / "softmax.json").write_text(json.dumps(softmax_leftovers()))
