"""The finders of faces, by a cascade, and of hands, by a cascade or a network that sees the whole image once."""

from __future__ import annotations

from collections.abc import Sequence

from edge.inference import Bundle
from edge.values import Box, Face, Hand, Image
from edge.vision.cascade import Cascade
from edge.vision.mipmap import Mipmap
from edge.vision.single_shot import SingleShot


class _Finder:
    """What finders of faces and of hands have in common: the detector behind them, of either kind."""

    def __init__(self, detector: Cascade | SingleShot) -> None:
        self._detector = detector

    @property
    def min_size_px(self) -> float:
        """The smallest object looked for, in pixels of the image."""
        return self._detector.min_size_px

    @min_size_px.setter
    def min_size_px(self, pixels: float) -> None:
        self._detector.min_size_px = pixels


class FaceDetector(_Finder):
    """Finds faces of at least ``min_size_px`` with a bundle for ``faces``."""

    _detector: Cascade

    def __init__(self, bundle: Bundle, min_size_px: float = 60, threads: int = 1) -> None:
        super().__init__(Cascade.of(bundle, min_size_px, threads))

    def detect(self, image: Image | Mipmap, expected: Sequence[Box] = ()) -> tuple[Face, ...]:
        """The faces of ``image``, best score first; ``expected`` are their boxes of a frame ago."""
        return tuple(Face(*found) for found in self._detector.detect(image, expected))

    def follow(self, image: Image | Mipmap, expected: Sequence[Box], part: Box | None = None) -> tuple[Face, ...]:
        """The faces where they are ``expected``, and those in the ``part`` of ``image`` that is searched."""
        return tuple(Face(*found) for found in self._detector.follow(image, expected, part))


class HandDetector(_Finder):
    """Finds hands of at least ``min_size_px`` with a bundle for ``hands``, of either kind."""

    def __init__(self, bundle: Bundle, min_size_px: float = 60, threads: int = 1) -> None:
        kind = SingleShot if bundle.manifest.is_single_shot else Cascade
        super().__init__(kind.of(bundle, min_size_px, threads))

    def detect(self, image: Image | Mipmap, expected: Sequence[Box] = ()) -> tuple[Hand, ...]:
        """The hands of ``image``, best score first; ``expected`` are their boxes of a frame ago."""
        return tuple(Hand(found.box, found.score) for found in self._detector.detect(image, expected))

    def follow(self, image: Image | Mipmap, expected: Sequence[Box], part: Box | None = None) -> tuple[Hand, ...]:
        """The hands where they are ``expected``, and those in the ``part`` of ``image`` that is searched."""
        return tuple(Hand(found.box, found.score) for found in self._detector.follow(image, expected, part))
