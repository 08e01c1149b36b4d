"""The gesture that a hand makes."""

from __future__ import annotations

from edge.inference import Bundle
from edge.perception.classifier import Classifier
from edge.values import Classification, Hand, Image
from edge.vision.crops import hand_crop


class GestureReader:
    """Reads the gesture of hands with a bundle for ``gesture``; the labels are the bundle's."""

    def __init__(self, bundle: Bundle, threads: int = 1) -> None:
        self._classifier = Classifier(bundle, threads=threads)

    @property
    def labels(self) -> tuple[str, ...]:
        return self._classifier.labels

    def read(self, image: Image, hand: Hand) -> Classification:
        """What ``hand`` of ``image`` means."""
        return self._classifier.classify(hand_crop(image, hand.box, self._classifier.size))
