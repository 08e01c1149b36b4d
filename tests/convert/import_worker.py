"""Imports networks in a process of its own (Keras on TensorFlow) for ``test_import_networks.py``.

Writes to the folder ``argv[1]`` one bundle for each kind of source, and ``facts.json``: the network's own
probabilities for the test pictures beside the bundle's, and the messages of what was refused.
"""

import json
import sys
from collections.abc import Callable
from pathlib import Path

import cv2
import h5py
import keras
import numpy as np
import tensorflow as tf
from keras import layers

from convert.cli import main
from convert.importing.classifier import ForeignInput, adapt_classifier
from convert.importing.classifier_bundle import load_network
from convert.importing.errors import ForeignNetworkError
from edge.inference import Task, load_bundle
from edge.perception.classifier import Classifier

SIZE, LABELS = 16, ("fist", "palm", "none")
RANDOM = np.random.default_rng(0)


def pictures(folder: Path, n: int) -> np.ndarray:
    """Blotches around a colour of each picture's own, as PNG files, and as BGR uint8 ``(n, SIZE, SIZE, 3)``."""
    folder.mkdir()
    coarse = 0.6 * RANDOM.integers(0, 256, (n, 1, 1, 3)) + 0.4 * RANDOM.integers(0, 256, (n, 4, 4, 3))
    coarse = coarse.astype(np.uint8)
    images = np.stack([cv2.resize(image, (SIZE, SIZE), interpolation=cv2.INTER_CUBIC) for image in coarse])
    for number, image in enumerate(images):
        cv2.imwrite(str(folder / f"{number:03}.png"), image)
    return images


def spread(network: keras.Model) -> keras.Model:
    """Statistics and slopes like those of a trained network, so that a mistake in them shows."""
    for variable in network.weights:
        if variable.name == "moving_variance":
            variable.assign(RANDOM.uniform(0.5, 2, variable.shape))
        elif variable.name in ("moving_mean", "beta", "bias", "alpha"):
            variable.assign(RANDOM.normal(0, 0.4, variable.shape))
    return network


def telling(network: keras.Model, real: np.ndarray) -> keras.Model:
    """``network`` with its last layer so that its choices among the inputs ``real`` are evenly spread and sure."""
    dense = [layer for layer in network.layers if isinstance(layer, layers.Dense)][-1]
    kernel, bias = dense.get_weights()
    logits = np.asarray(keras.Model(network.inputs, dense.input)(real, training=False)) @ kernel + bias
    gain = 2 / logits.std(axis=0)
    dense.set_weights([kernel * gain, (bias - logits.mean(axis=0)) * gain])
    return network


def with_flatten(channels: int, last: keras.Layer) -> keras.Model:
    return spread(
        keras.Sequential(
            [
                keras.Input((SIZE, SIZE, channels)),
                layers.Conv2D(8, 3, padding="same", use_bias=False),
                layers.BatchNormalization(),
                layers.ReLU(),
                layers.MaxPooling2D(4),
                layers.Flatten(),
                layers.Dense(12, activation="relu"),
                layers.Dropout(0.5),
                last,
            ]
        )
    )


def with_prelu(channels: int) -> keras.Model:
    image = keras.Input((None, None, channels))
    x = layers.Conv2D(8, 3, strides=2, padding="same")(image)
    x = layers.PReLU(shared_axes=[1, 2])(x)
    x = layers.GlobalAveragePooling2D()(x)
    return spread(keras.Model(image, layers.Softmax()(layers.Dense(len(LABELS))(x))))


def with_branch(channels: int) -> keras.Model:
    """The picture goes into two layers."""
    image = keras.Input((SIZE, SIZE, channels))
    x = layers.Conv2D(8, 3, padding="same", activation="relu")(image)
    x = layers.MaxPooling2D(4)(layers.Concatenate()([image, x]))
    return spread(keras.Model(image, softmax_of_three()(layers.Flatten()(x))))


def nested(channels: int) -> keras.Model:
    """As transfer learning leaves them: a network in a network."""
    body = keras.Sequential([keras.Input((SIZE, SIZE, channels)), layers.Conv2D(8, 3, strides=2), layers.ReLU()])
    head = [layers.GlobalAveragePooling2D(), layers.Dense(len(LABELS)), layers.Activation("softmax")]
    return spread(keras.Sequential([keras.Input((SIZE, SIZE, channels)), body, *head]))


def save_keras(network: keras.Model, file: Path) -> Path:
    network.save(file)
    return file


def export(network: keras.Model, folder: Path) -> Path:
    network.export(folder, verbose=False)
    return folder


def fed(images: np.ndarray, colour: str, mean: tuple[float, ...], scale: tuple[float, ...]) -> np.ndarray:
    """What the network's maker fed it, from BGR ``images``."""
    if colour == "grey":
        images = np.stack([cv2.cvtColor(image, cv2.COLOR_BGR2GRAY)[..., None] for image in images])
    if colour == "rgb":
        images = images[..., ::-1]
    return ((images.astype(np.float32) - np.float32(mean)) * np.float32(scale)).astype(np.float32)


def softmax_of_three() -> keras.Layer:
    return layers.Dense(len(LABELS), activation="softmax")


# name: network, how it is saved, under which name, colour, mean, scale, labels
SOURCES: dict[str, tuple[Callable[[], keras.Model], Callable[..., Path], str, str, tuple, tuple, tuple[str, ...]]] = {
    "keras": (
        lambda: with_flatten(1, softmax_of_three()),
        save_keras,
        "a.keras",
        "grey",
        (127.5,),
        (1 / 127.5,),
        LABELS,
    ),
    "h5": (lambda: with_flatten(3, softmax_of_three()), save_keras, "a.h5", "rgb", (0.0,), (1 / 255,), LABELS),
    "prelu": (lambda: with_prelu(3), save_keras, "p.keras", "rgb", (127.5,), (1 / 128,), LABELS),
    "nested": (lambda: nested(3), save_keras, "n.keras", "rgb", (127.5,), (1 / 128,), LABELS),
    "bgr": (
        lambda: with_branch(3),
        save_keras,
        "b.keras",
        "bgr",
        (103.9, 116.8, 123.7),
        (1 / 57, 1 / 58, 1 / 59),
        LABELS,
    ),
    "sigmoid": (
        lambda: with_flatten(1, layers.Dense(1, activation="sigmoid")),
        save_keras,
        "s.keras",
        "grey",
        (127.5,),
        (1 / 64,),
        ("closed", "open"),
    ),
    "saved_model": (lambda: with_flatten(3, softmax_of_three()), export, "sm", "rgb", (127.5,), (1 / 127.5,), LABELS),
}


def import_source(name: str, out: Path, images: np.ndarray) -> dict[str, object]:
    build, save, file, colour, mean, scale, labels = SOURCES[name]
    network = telling(build(), fed(images, colour, mean, scale))
    source = save(network, out / file)
    task = "eyes" if len(labels) == 2 else "gesture"
    options = ["--labels", *labels, "--colour", colour, "--mean", *map(str, mean), "--scale", *map(str, scale)]
    size = ["--size", str(SIZE)] if name == "prelu" else []
    bundle = out / "bundles" / name
    status = main(
        ["import", task, str(source), *options, *size, "--pictures", str(out / "pictures"), "--out", str(bundle)]
    )
    own = np.asarray(network(fed(images, colour, mean, scale), training=False))
    classifier = Classifier(load_bundle(bundle, Task(task)), batch=2)
    found = np.concatenate([classifier.probabilities(list(images[i : i + 2])) for i in range(0, len(images), 2)])
    return {
        "status": status,
        "own": (own if own.shape[1] > 1 else np.hstack([1 - own, own])).tolist(),
        "found": found.tolist(),
        "macs": load_bundle(bundle).manifest.networks[task].macs,
    }


def refused(folder: Path) -> dict[str, str]:
    """The messages for what may not or can't be imported."""
    sources = {**code(folder), **unusable(folder)}
    messages = {}
    for name, source in sources.items():
        try:
            network = load_network(source)
            adapt_classifier(network, LABELS, ForeignInput("grey", (127.5,), (1 / 128,)))
            messages[name] = ""
        except ForeignNetworkError as error:
            messages[name] = str(error)
    return messages


def code(folder: Path) -> dict[str, Path]:
    """Files that would run code of their own if they were loaded; each would leave ``folder/ran``."""
    marker = str(folder / "ran")
    image = keras.Input((SIZE, SIZE, 1))
    evil = keras.Model(image, layers.Lambda(lambda x: (Path(marker).touch(), x)[1])(layers.Flatten()(image)))
    export_archive = keras.export.ExportArchive()

    def serve(x):  # a graph that writes a file
        tf.io.write_file(marker, "ran")
        return tf.reshape(x, (-1, SIZE * SIZE))

    export_archive.track(evil)
    signature = [tf.TensorSpec((None, SIZE, SIZE, 1), tf.float32)]
    export_archive.add_endpoint("serving_default", serve, input_signature=signature)
    export_archive.write_out(str(folder / "writes"), verbose=False)
    found = {
        "lambda_keras": save_keras(evil, folder / "l.keras"),
        "lambda_h5": save_keras(evil, folder / "l.h5"),
        "saved_model_writes": folder / "writes",
        "other_module": _of_another_module(folder),
        "external_weights": _with_external_weights(folder),
    }
    Path(marker).unlink(missing_ok=True)
    return found


def _of_another_module(folder: Path) -> Path:
    """A .h5 whose configuration names a layer's class in a module that isn't Keras'."""
    file = save_keras(with_flatten(1, softmax_of_three()), folder / "module.h5")
    with h5py.File(file, "r+") as content:
        config = content.attrs["model_config"]
        content.attrs["model_config"] = config.replace(
            '"class_name": "Flatten"', '"class_name": "Flatten", "module": "os.path", "registered_name": null', 1
        )
    return file


def _with_external_weights(folder: Path) -> Path:
    """A .h5 that takes weights from another file."""
    file = save_keras(with_flatten(1, softmax_of_three()), folder / "external.h5")
    with h5py.File(file, "r+") as content:
        content["stolen"] = h5py.ExternalLink("/etc/passwd", "/")
    return file


def unusable(folder: Path) -> dict[str, Path]:
    network = with_flatten(1, softmax_of_three())
    network.save_weights(folder / "only.weights.h5")
    (folder / "text.keras").write_text("not a network")
    whole = save_keras(network, folder / "cut.keras").read_bytes()
    (folder / "cut.keras").write_bytes(whole[: len(whole) // 2])
    (folder / "empty").mkdir()
    image = keras.Input((SIZE, SIZE, 1))
    two = keras.Model(image, [layers.Dense(3)(layers.Flatten()(image)), layers.Flatten()(image)])
    return {
        "weights_only": folder / "only.weights.h5",
        "text": folder / "text.keras",
        "cut": folder / "cut.keras",
        "missing": folder / "nowhere.keras",
        "empty_folder": folder / "empty",
        "two_outputs": save_keras(two, folder / "two.keras"),
        "colour": save_keras(with_flatten(3, softmax_of_three()), folder / "colour.keras"),
        "labels": save_keras(with_flatten(1, layers.Dense(5)), folder / "labels.keras"),
        "activation": save_keras(with_flatten(1, layers.Dense(3, activation="tanh")), folder / "tanh.keras"),
        "any_size": save_keras(
            keras.Sequential([keras.Input((None, None, 1)), layers.GlobalMaxPooling2D(), layers.Dense(3)]),
            folder / "any.keras",
        ),
    }


if __name__ == "__main__":
    keras.utils.set_random_seed(0)
    out = Path(sys.argv[1])
    images = pictures(out / "pictures", 60)
    facts = {name: import_source(name, out, images) for name in SOURCES}
    messages = refused(out)
    (out / "facts.json").write_text(json.dumps({"imported": facts, "refused": messages, "ran": (out / "ran").exists()}))
