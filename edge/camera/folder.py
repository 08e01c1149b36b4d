"""Folders of images."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterable
from pathlib import Path

from edge.camera.errors import SourceClosedError
from edge.camera.images import read_image
from edge.camera.source import Source
from edge.errors import InputError
from edge.values import Frame

log = logging.getLogger(__name__)

IMAGE_SUFFIXES = (".bmp", ".jpeg", ".jpg", ".pgm", ".png", ".ppm", ".tif", ".tiff", ".webp")


class ImageFolder(Source):
    """Every image of a folder (not of its subfolders) in natural order, ``rate_hz`` a second, then the end.

    Images that can't be read are skipped, with a warning, and counted in ``damaged``; their time passes all the same.
    """

    live = False

    def __init__(self, folder: Path, rate_hz: float) -> None:
        self.name = str(folder)
        self.damaged = 0
        self._folder = folder
        self._rate_hz = rate_hz
        self._paths: list[Path] | None = None
        self._place = 0
        self._index = 0

    @property
    def is_incomplete(self) -> bool:
        return self.damaged > 0

    def open(self) -> None:
        try:
            paths = natural_order(path for path in self._folder.iterdir() if path.suffix.lower() in IMAGE_SUFFIXES)
        except OSError as error:
            raise InputError(f"{self._folder}: cannot be read as a folder: {error.strerror}. Check the path") from error
        if not paths:
            raise InputError(f"{self._folder}: has no image; expected files that end in {', '.join(IMAGE_SUFFIXES)}")
        self._paths = paths
        self._place = self._index = self.damaged = 0

    def read(self) -> Frame | None:
        if self._paths is None:
            raise SourceClosedError(f"{self.name}: read before it was opened or after it was closed")
        while self._place < len(self._paths):
            path, t = self._paths[self._place], self._place / self._rate_hz
            self._place += 1
            try:
                image = read_image(path)
            except InputError as error:
                log.warning("skipped: %s", error)
                self.damaged += 1
                continue
            frame = Frame(image, t, self._index)
            self._index += 1
            return frame
        if self._index == 0:
            raise InputError(f"{self._folder}: none of its {self.damaged} images can be read")
        return None

    def close(self) -> None:
        self._paths = None


def natural_order(paths: Iterable[Path]) -> list[Path]:
    """Sorted by name with numbers by value: ``img2`` before ``img10``."""
    return sorted(paths, key=lambda path: (_natural_key(path.name), path.name))


def _natural_key(name: str) -> list[tuple[int, str]]:
    parts = re.split(r"(\d+)", name.lower())
    return [(int(part), "") if part.isdecimal() else (-1, part) for part in parts]
