"""A bundle for faces with the networks of the installed package ``mtcnn``.

Needs Keras on the TensorFlow backend.
"""

from __future__ import annotations

import logging
from pathlib import Path

from convert.bundle.card import read_card
from convert.bundle.checkpoint import DETECTOR_MEAN, DETECTOR_SCALE
from convert.bundle.writer import BundleDraft
from convert.importing.drafts import convert_network
from convert.importing.mtcnn import THRESHOLDS, build_networks
from convert.importing.mtcnn_package import SHA256, VERSION, read_weights
from convert.importing.photos import read_photos
from convert.importing.windows import record_windows
from convert.networks.cascade import WINDOW_SIDES
from convert.quantize.report import format_report
from edge.inference import Task
from edge.inference.manifest import InputSpec, Training

log = logging.getLogger(__name__)

CARD = Path(__file__).with_name("cards") / "mtcnn.toml"


def draft_mtcnn(photos: Path, version: str) -> BundleDraft:
    """The draft of the bundle; pictures with faces in the folder ``photos`` set the ranges of the activations."""
    networks = build_networks(read_weights())
    windows = record_windows(networks, THRESHOLDS, read_photos(photos))
    converted = {name: convert_network(network, _input(name), windows[name]) for name, network in networks.items()}
    log.info("int8 against float:\n\n%s\n", format_report([quantized for quantized, _ in converted.values()]))
    card = read_card(CARD)
    return BundleDraft(
        task=Task.FACES,
        version=version,
        networks={name: draft for name, (_, draft) in converted.items()},
        training=Training(
            data=card.data,
            command="vigil-convert import faces mtcnn --pictures PICTURES --out OUT",
            seed=0,
            recipe={"package": f"mtcnn {VERSION}", "sha256": dict(SHA256)},
        ),
        card=card,
        thresholds=THRESHOLDS,
    )


def _input(name: str) -> InputSpec:
    side = WINDOW_SIDES[name]
    return InputSpec(shape=(1, side, side, 3), dtype="float32", colour="rgb", mean=DETECTOR_MEAN, scale=DETECTOR_SCALE)
