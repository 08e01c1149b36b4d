"""The kinds of sources by name: the one place that knows them all."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType

from edge.camera.settings import CameraSettings
from edge.camera.source import Source
from edge.camera.spec import parse_source
from edge.errors import InputError

Build = Callable[[str, CameraSettings, bool], Source]
"""Makes a source that is not yet open, from its target, the settings, and whether to play in real time."""


def _demo(_: str, __: CameraSettings, realtime: bool) -> Source:
    from edge.camera.demo.source import DemoSource

    return DemoSource(realtime=realtime, loop=realtime)


def _picamera2(target: str, settings: CameraSettings, _: bool) -> Source:
    from edge.camera.picamera import Picamera2Source

    return Picamera2Source(int(target), settings)


def _v4l2(target: str, settings: CameraSettings, _: bool) -> Source:
    from edge.camera.v4l2 import v4l2_source

    return v4l2_source(target, settings)


def _jetson(target: str, settings: CameraSettings, _: bool) -> Source:
    from edge.camera.jetson import jetson_source

    return jetson_source(int(target), settings)


def _stream(target: str, settings: CameraSettings, _: bool) -> Source:
    from edge.camera.stream import stream_source

    return stream_source(target, settings)


def _path(target: str, settings: CameraSettings, _: bool) -> Source:
    from edge.camera.folder import ImageFolder
    from edge.camera.video import VideoFile

    path = Path(target).expanduser()
    if not path.exists():
        raise InputError(f"{path}: no such file or folder. Check the path, or name a camera")
    return ImageFolder(path, settings.rate_hz) if path.is_dir() else VideoFile(path)


SOURCES: Mapping[str, Build] = MappingProxyType(
    {
        "demo": _demo,
        "picamera2": _picamera2,
        "v4l2": _v4l2,
        "jetson": _jetson,
        "stream": _stream,
        "path": _path,
    }
)


def build_source(text: str, settings: CameraSettings, realtime: bool = False) -> Source:
    """The source named ``text``, not yet open and without reconnection or orientation.

    Raises
    ------
    UnknownSourceError, InputError
        no rule knows the name; no such file
    """
    spec = parse_source(text)
    return SOURCES[spec.kind](spec.target, settings, realtime)
