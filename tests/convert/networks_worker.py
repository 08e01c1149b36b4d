"""Trains the kinds of network in ``argv`` for one step on this process's Keras backend: ``test_networks_training.py``.

Prints as JSON the loss of one batch before and after the step, by network, and the modules that were loaded.
"""

import json
import sys
from functools import partial

import keras
import numpy as np

from convert.networks.arcface import ArcFaceLoss, CosineClassifier
from convert.networks.cascade import HEADS, NETWORKS, WINDOW_SIDES, pnet
from convert.networks.embedder import build_embedder
from convert.networks.presets import PRESETS, Architecture, Stage, Stem
from convert.networks.resnet import build_resnet

BATCH, CLASSES = 8, 4
SMALL = (Stage(8, 1, 1), Stage(16, 1, 2))


def classifier_losses(name: str, architecture: Architecture, channels: int) -> list[float]:
    network = build_resnet(architecture, name=name, size=24, channels=channels, classes=CLASSES)
    network.compile(keras.optimizers.SGD(0.01), keras.losses.SparseCategoricalCrossentropy(from_logits=True))
    return losses(network, images(24, channels), labels())


def embedder_losses() -> list[float]:
    embedder = build_embedder(Architecture(Stem(8, stride=2), SMALL), size=24, dimensions=16, dropout=0.0)
    network = keras.Sequential([embedder, CosineClassifier(CLASSES)])
    network.compile(keras.optimizers.SGD(0.001), ArcFaceLoss(), metrics=["sparse_categorical_accuracy"])
    return losses(network, images(24, 3), labels())


def cascade_losses(name: str) -> list[float]:
    side = WINDOW_SIDES[name]
    network = pnet(side, side) if name == "pnet" else NETWORKS[name]()
    network.compile(
        keras.optimizers.SGD(1e-4),
        loss={"face": keras.losses.CategoricalCrossentropy(from_logits=True), "box": "mse", "landmarks": "mse"},
    )
    one_cell = (1, 1) if name == "pnet" else ()
    targets = {head: np.zeros((BATCH, *one_cell, channels), np.float32) for head, channels in HEADS.items()}
    targets["face"][..., 1] = 1
    return losses(network, images(side, 3), targets)


def losses(network: keras.Model, x: np.ndarray, y: object) -> list[float]:
    """The loss before and after one step, both as training sees it."""
    return [float(network.train_on_batch(x, y, return_dict=True)["loss"]) for _ in range(2)]


def images(size: int, channels: int) -> np.ndarray:
    return np.random.default_rng(0).normal(0, 0.5, (BATCH, size, size, channels)).astype(np.float32)


def labels() -> np.ndarray:
    return np.arange(BATCH) % CLASSES


LOSSES = {
    "basic": lambda: classifier_losses("basic", Architecture(Stem(8, kernel=7, stride=2, pool=True), SMALL), 3),
    "bottleneck": lambda: classifier_losses("bottleneck", Architecture(Stem(8), SMALL, "bottleneck"), 3),
    "eye_state": lambda: classifier_losses("eye_state", PRESETS["eye_state"], 1),
    "embedder": embedder_losses,
    **{name: partial(cascade_losses, name) for name in NETWORKS},
}


if __name__ == "__main__":
    keras.utils.set_random_seed(0)
    found = {kind: LOSSES[kind]() for kind in sys.argv[1:]}
    loaded = sorted({name.partition(".")[0] for name in sys.modules})
    print(json.dumps({"backend": keras.backend.backend(), "losses": found, "loaded": loaded}))
