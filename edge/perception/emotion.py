"""The emotion that a face shows."""

from __future__ import annotations

from edge.inference import Bundle
from edge.perception.classifier import Classifier, Reading
from edge.values import Face, Image
from edge.vision.crops import face_crop
from edge.vision.mipmap import Mipmap


class EmotionReader:
    """Reads the emotion of faces with a bundle for ``emotion``."""

    def __init__(self, bundle: Bundle, threads: int = 1) -> None:
        self._classifier = Classifier(bundle, threads=threads)

    def read(self, image: Image | Mipmap, face: Face, last: Reading | None = None, t: float = 0.0) -> Reading:
        """What ``face`` of ``image`` shows; in a stream ``last`` is what was read of it before ``t`` seconds."""
        return self._classifier.read(face_crop(image, face.landmarks, self._classifier.size), last, t)
