"""One face detector behind a pipe: an environment of its own, and a photo at a time when it is asked.

    python benchmarks/peer_worker.py DETECTOR        # vigil, mtcnn, haar, blazeface, blazeface_full, hog

Reads JSON lines ``{"image": path, "min_face": pixels}`` and answers each by ``{"ms", "cpu_ms", "faces": [{"box": [x1,
y1, x2, y2], "points": [[x, y], …]}]}``: the time of the detection from the decoded BGR picture on, as it passed and of
the CPU, and five points (eyes, nose, corners of the mouth), three (eyes, nose) or none.  It needs numpy, OpenCV and the
detector; nothing of this project but for ``vigil`` itself.
"""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Callable
from functools import lru_cache
from typing import Any

for variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "TF_NUM_INTRAOP_THREADS", "TF_NUM_INTEROP_THREADS"):
    os.environ[variable] = "1"
os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"

import cv2  # noqa: E402
import numpy as np  # noqa: E402

Face = dict[str, Any]
Detect = Callable[[np.ndarray, int], list[Face]]
"""``detect(image (h, w, 3) BGR, smallest face in pixels)``."""


def vigil() -> Detect:
    """The shipped face cascade, in the light of the device; built for each smallest face that is asked for."""
    from edge.inference import Task, default_models_dir, load_bundle
    from edge.vision.detectors import FaceDetector
    from edge.vision.exposure import frame_in_light

    bundle = load_bundle(default_models_dir() / Task.FACES.value, Task.FACES)
    built = lru_cache(lambda smallest: FaceDetector(bundle, smallest))

    def detect(image: np.ndarray, smallest: int) -> list[Face]:
        found = built(smallest).detect(frame_in_light(image))
        return [
            {"box": [face.box.x1, face.box.y1, face.box.x2, face.box.y2], "points": [list(p) for p in face.landmarks]}
            for face in found
        ]

    return detect


def mtcnn() -> Detect:
    """The package mtcnn 1.0.0, from its own default of 20 pixels on.

    With a larger smallest face it builds levels of less than 12 pixels and takes the exception for "no face": it then
    gets a picture reduced so that 20 pixels of it are the smallest face, which is how its users help themselves.
    """
    from mtcnn import MTCNN

    detector = MTCNN(device="CPU:0")
    default = 20

    def detect(image: np.ndarray, smallest: int) -> list[Face]:
        scale = min(1.0, default / smallest)
        if scale < 1:
            image = cv2.resize(image, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
        faces = detector.detect_faces(cv2.cvtColor(image, cv2.COLOR_BGR2RGB), min_face_size=min(default, smallest))
        return [_of_mtcnn(face, scale) for face in faces or []]

    return detect


def _of_mtcnn(face: Face, scale: float) -> Face:
    x, y, width, height = face["box"]
    names = ("left_eye", "right_eye", "nose", "mouth_left", "mouth_right")  # sorted below: left is the image's
    left_eye, right_eye, nose, left_mouth, right_mouth = (face["keypoints"][name] for name in names)
    points = [*sorted([left_eye, right_eye]), nose, *sorted([left_mouth, right_mouth])]
    return {
        "box": [edge / scale for edge in (x, y, x + width, y + height)],
        "points": [[float(x) / scale, float(y) / scale] for x, y in points],
    }


def haar() -> Detect:
    """OpenCV's Haar cascade of frontal faces (OpenCV before 5)."""
    cascade = cv2.CascadeClassifier(cv2.data.haarcascades + "haarcascade_frontalface_default.xml")

    def detect(image: np.ndarray, smallest: int) -> list[Face]:
        grey = cv2.cvtColor(image, cv2.COLOR_BGR2GRAY)
        found = cascade.detectMultiScale(grey, scaleFactor=1.1, minNeighbors=3, minSize=(smallest, smallest))
        return [{"box": [float(v) for v in (x, y, x + w, y + h)], "points": []} for x, y, w, h in found]

    return detect


def hog() -> Detect:
    """Dlib's HOG detector, made for faces from 80 pixels on: the picture is enlarged for smaller ones."""
    import dlib

    detector = dlib.get_frontal_face_detector()

    def detect(image: np.ndarray, smallest: int) -> list[Face]:
        scale = 80 / smallest
        resized = cv2.resize(cv2.cvtColor(image, cv2.COLOR_BGR2RGB), None, fx=scale, fy=scale)
        found = detector(resized, 0)
        edges = [(face.left(), face.top(), face.right(), face.bottom()) for face in found]
        return [{"box": [edge / scale for edge in box], "points": []} for box in edges]

    return detect


def blazeface(model: int = 0) -> Detect:
    """MediaPipe's BlazeFace, ``model`` 0 for short range and 1 for full range; it has no smallest face to set."""
    import mediapipe

    detector = mediapipe.solutions.face_detection.FaceDetection(model_selection=model, min_detection_confidence=0.5)

    def detect(image: np.ndarray, smallest: int) -> list[Face]:
        found = detector.process(cv2.cvtColor(image, cv2.COLOR_BGR2RGB)).detections or []
        return [_of_mediapipe(face.location_data, image.shape[1], image.shape[0]) for face in found]

    return detect


def blazeface_full() -> Detect:
    """MediaPipe's BlazeFace, full range."""
    return blazeface(1)


def _of_mediapipe(face: Any, width: int, height: int) -> Face:
    box, marks = face.relative_bounding_box, face.relative_keypoints
    left, top = box.xmin * width, box.ymin * height
    points = [[mark.x * width, mark.y * height] for mark in marks[:3]]
    return {
        "box": [left, top, left + box.width * width, top + box.height * height],
        "points": [*sorted(points[:2]), points[2]],
    }


DETECTORS: dict[str, Callable[[], Detect]] = {
    "vigil": vigil,
    "mtcnn": mtcnn,
    "haar": haar,
    "blazeface": blazeface,
    "blazeface_full": blazeface_full,
    "hog": hog,
}


def main() -> None:
    """Answer until the input ends."""
    answers = os.fdopen(os.dup(1), "w", buffering=1)
    os.dup2(2, 1)  # what a detector prints goes beside the answers
    cv2.setNumThreads(1)
    detect = DETECTORS[sys.argv[1]]()
    answers.write(json.dumps({"ready": sys.argv[1]}) + "\n")
    for line in sys.stdin:
        asked = json.loads(line)
        image = cv2.imread(asked["image"])
        started, started_cpu = time.perf_counter(), time.process_time()
        faces = detect(image, asked["min_face"])
        passed, cpu = time.perf_counter() - started, time.process_time() - started_cpu
        answers.write(json.dumps({"ms": 1000 * passed, "cpu_ms": 1000 * cpu, "faces": faces}) + "\n")


if __name__ == "__main__":
    main()
