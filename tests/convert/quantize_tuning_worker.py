"""Fine-tunes a small network for int8 in a process of its own (Keras on TensorFlow), for ``test_quantize_tuning.py``.

Writes the accuracies to the file ``argv[1]`` as JSON.
"""

import json
import sys
from pathlib import Path

import keras
import numpy as np

from convert.data.classes import LabelledImages
from convert.quantize.calibration import input_of_whole_levels
from convert.quantize.quantize import device_network
from convert.quantize.run import run_file, run_float
from convert.quantize.tflite import convert_int8
from convert.quantize.tune import fine_tune
from convert.training.batches import normalise
from convert.training.datasets import Prepared
from convert.training.recipe import Recipe
from edge.inference.manifest import InputSpec


def stripes(n: int, seed: int) -> LabelledImages:
    """Noise with stripes at one of three angles, ``(n, 16, 16, 1)``."""
    random = np.random.default_rng(seed)
    targets = random.integers(3, size=n)
    rows, columns = np.mgrid[:16, :16]
    waves = np.stack([np.sin(1.2 * rows), np.sin(1.2 * columns), np.sin(0.9 * (rows + columns))])
    images = 128 + 30 * waves[targets] + random.normal(0, 45, (n, 16, 16))
    names = np.array([str(i) for i in range(n)])
    return LabelledImages(
        ("rows", "columns", "both"), images.clip(0, 255).astype(np.uint8)[..., None], targets, names, names
    )


STRIPES = Recipe.model_validate(
    {
        "task": "gesture",
        "dataset": "stripes",
        "labels": ["rows", "columns", "both"],
        "input": {"size": 16, "train_size": 16, "colour": "grey"},
        "network": {"stages": [{"width": 8, "blocks": 1}]},
        "optimiser": {"epochs": 1, "batch": 32, "rate": 0.5, "precision": "float32", "average_momentum": 0.9},
    }
)


def wide_network(train: LabelledImages) -> keras.Model:
    """A trained network whose first channels differ four-hundredfold: one int8 scale for all of them loses most."""
    image = keras.Input((16, 16, 1))
    x = keras.layers.Conv2D(12, 3, activation="relu", name="first")(image)
    x = keras.layers.Conv2D(12, 3, strides=2, activation="relu", name="second")(x)
    x = keras.layers.GlobalAveragePooling2D()(x)
    network = keras.Model(image, keras.layers.Dense(3, name="logits")(x), name="gesture")
    network.compile("adam", keras.losses.SparseCategoricalCrossentropy(from_logits=True))
    network.fit(normalise(train.images, STRIPES), train.targets, epochs=6, verbose=0)
    factors = np.geomspace(0.05, 20, 12).astype(np.float32)
    kernel, bias = network.get_layer("first").get_weights()
    network.get_layer("first").set_weights([kernel * factors, bias * factors])
    kernel, bias = network.get_layer("second").get_weights()
    network.get_layer("second").set_weights([kernel / factors[:, None], bias])
    return network


def fine_tuning() -> dict[str, float]:
    """The accuracies of a network that int8 hurts: in float, in int8, and in int8 after fine-tuning."""
    train, judge = stripes(1500, 1), stripes(1000, 2)
    prepared = Prepared(train, judge, lambda image, size, rng: image, lambda image, size, rng: image)
    network = wide_network(train)
    spec = InputSpec(shape=(1, 16, 16, 1), dtype="float32", colour="grey", mean=127.5, scale=1 / 127.5)
    calibration = train.images[:100]

    def accuracy(logits: np.ndarray) -> float:
        return float((logits.argmax(axis=1) == judge.targets).mean())

    tuned = fine_tune(device_network(network, spec), STRIPES, prepared, spec.normalise(calibration), epochs=3, seed=0)
    model = convert_int8(device_network(network, spec), spec.normalise(calibration))
    tuned_model = convert_int8(tuned, spec.normalise(calibration))
    int8 = input_of_whole_levels(spec)
    return {
        "float": accuracy(run_float(network, spec, judge.images)["logits"]),
        "calibrated": accuracy(run_file(model, int8, judge.images)["logits"]),
        "tuned": accuracy(run_file(tuned_model, int8, judge.images)["logits"]),
    }


if __name__ == "__main__":
    keras.utils.set_random_seed(0)
    Path(sys.argv[1]).write_text(json.dumps(fine_tuning()))
