"""Imports the package ``mtcnn`` and runs it beside, in a process of its own, for ``test_import_mtcnn.py``.

``argv``: a folder of photos to calibrate on, one of photos to search, and where the bundle ``models/faces`` and
``facts.json`` are written: how far our float networks are from the package's, and what the package finds by itself.
"""

import json
import sys
from pathlib import Path

import cv2
import keras
import numpy as np
from mtcnn import MTCNN

from convert.cli import main
from convert.importing.mtcnn import build_networks
from convert.importing.mtcnn_package import read_weights
from convert.networks.cascade import WINDOW_SIDES

POINTS = ("left_eye", "right_eye", "nose", "mouth_left", "mouth_right")
PAIRS = [index for point in range(5) for index in (point, point + 5)]
"""The package's x1…x5, y1…y5 as x1, y1, …"""


def differences(package: MTCNN) -> dict[str, float]:
    """The largest difference of any output, by network."""
    networks = build_networks(read_weights())
    return {
        name: difference(networks[name], stage._model) for name, stage in zip(networks, package.stages, strict=True)
    }


def difference(ours: keras.Model, theirs: object) -> float:
    side = WINDOW_SIDES[ours.name]
    windows = np.random.default_rng(0).uniform(-1, 1, (4, side, side, 3)).astype(np.float32)
    found = {name: np.asarray(values) for name, values in ours(windows).items()}
    box, *landmarks, face = (np.asarray(values) for values in theirs(windows))
    errors = [np.abs(found["box"] - box), np.abs(np.asarray(keras.ops.softmax(found["face"])) - face)]
    errors += [np.abs(found["landmarks"] - points[:, PAIRS]) for points in landmarks]
    return float(max(error.max() for error in errors))


def faces(package: MTCNN, file: Path) -> list[dict[str, object]]:
    image = cv2.cvtColor(cv2.imread(str(file)), cv2.COLOR_BGR2RGB)
    found = package.detect_faces(image, box_format="xyxy")
    return [
        {
            "box": [int(edge) for edge in face["box"]],
            "landmarks": [[int(value) for value in face["keypoints"][point]] for point in POINTS],
        }
        for face in found
    ]


if __name__ == "__main__":
    calibration, photos, out = map(Path, sys.argv[1:])
    status = main(["import", "faces", "mtcnn", "--pictures", str(calibration), "--out", str(out / "models" / "faces")])
    package = MTCNN()
    found = {str(file): faces(package, file) for file in sorted(photos.glob("*.png"))}
    (out / "facts.json").write_text(json.dumps({"status": status, "differences": differences(package), "faces": found}))
