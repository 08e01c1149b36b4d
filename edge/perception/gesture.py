"""The gesture that a hand makes."""

from __future__ import annotations

from edge.inference import Bundle
from edge.perception.classifier import Classifier, Reading
from edge.values import Hand, Image
from edge.vision.crops import hand_crop
from edge.vision.mipmap import Mipmap


class GestureReader:
    """Reads the gesture of hands with a bundle for ``gesture``; the labels are the bundle's."""

    def __init__(self, bundle: Bundle, threads: int = 1) -> None:
        self._classifier = Classifier(bundle, threads=threads)

    @property
    def labels(self) -> tuple[str, ...]:
        return self._classifier.labels

    def read(self, image: Image | Mipmap, hand: Hand, last: Reading | None = None, t: float = 0.0) -> Reading:
        """What ``hand`` of ``image`` means; in a stream ``last`` is what was read of it before ``t`` seconds."""
        return self._classifier.read(hand_crop(image, hand.box, self._classifier.size), last, t)
