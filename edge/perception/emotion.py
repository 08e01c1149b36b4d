"""The emotion that a face shows."""

from __future__ import annotations

from edge.inference import Bundle
from edge.perception.classifier import Classifier
from edge.values import Classification, Face, Image
from edge.vision.crops import face_crop


class EmotionReader:
    """Reads the emotion of faces with a bundle for ``emotion``."""

    def __init__(self, bundle: Bundle, threads: int = 1) -> None:
        self._classifier = Classifier(bundle, threads=threads)

    def read(self, image: Image, face: Face) -> Classification:
        """What ``face`` of ``image`` shows."""
        return self._classifier.classify(face_crop(image, face.landmarks, self._classifier.size))
