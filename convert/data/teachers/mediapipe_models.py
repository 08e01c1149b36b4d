"""MediaPipe's networks, with the settings that the shipped lists were made with."""

from __future__ import annotations

from typing import Any

from edge.errors import ConfigError

_INSTALL = """\
make an environment for the teacher alone and run this command with its Python:
  python3.11 -m venv teacher && teacher/bin/pip install mediapipe==0.10.21 pydantic tqdm"""


class TeacherError(ConfigError):
    """The teacher isn't installed here."""


def face_detectors() -> tuple[Any, Any]:
    """BlazeFace for faces far from the camera, and near it."""
    detection = _solutions().face_detection
    return (
        detection.FaceDetection(model_selection=1, min_detection_confidence=0.3),
        detection.FaceDetection(model_selection=0, min_detection_confidence=0.4),
    )


def face_mesh(max_faces: int, min_confidence: float) -> Any:
    """The face mesh of 478 points, for pictures that have nothing to do with each other."""
    return _solutions().face_mesh.FaceMesh(
        static_image_mode=True,
        refine_landmarks=True,
        max_num_faces=max_faces,
        min_detection_confidence=min_confidence,
    )


def hands() -> Any:
    """The 21 joints of each hand."""
    return _solutions().hands.Hands(
        static_image_mode=True, max_num_hands=4, model_complexity=1, min_detection_confidence=0.4
    )


def _solutions() -> Any:
    try:
        import mediapipe
    except ImportError as error:
        raise TeacherError(f"mediapipe: not installed in this environment ({error}); {_INSTALL}") from error
    return mediapipe.solutions
