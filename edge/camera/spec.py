"""The names of frame sources: from what a person types to kind and target."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from edge.camera.errors import UnknownSourceError

CAMERA_KINDS = ("picamera2", "v4l2", "jetson", "stream")
STREAM_SCHEMES = ("rtsp", "rtsps", "http", "https", "tcp", "udp")
KNOWN_SOURCES = (
    "auto",
    "demo",
    "picamera2 or picamera2:NUMBER",
    "v4l2:/dev/video0, /dev/video0 or 0",
    "jetson or jetson:SENSOR",
    f"a URL ({', '.join(f'{scheme}://' for scheme in STREAM_SCHEMES)})",
    "the path of a video file or of a folder of images",
)

_URL = re.compile(r"(?P<scheme>[A-Za-z][A-Za-z0-9+.-]*)://.+")
_NUMBERED = re.compile(r"(?P<kind>picamera2|jetson)(:(?P<number>\d+))?")
_V4L2 = re.compile(r"v4l2:(?P<device>\d+|/dev/.+)")
_LOOKS_LIKE_A_PATH = re.compile(r"[/\\]|^~|^\.|\.\w+$")


@dataclass(frozen=True, slots=True)
class SourceSpec:
    """A source's ``kind`` (a name in the registry) and its ``target``: device, number, URL or path; "" if none."""

    kind: str
    target: str = ""


def parse_source(text: str) -> SourceSpec:
    """Understand a source's name, without opening anything.

    >>> parse_source("0")
    SourceSpec(kind='v4l2', target='/dev/video0')
    >>> parse_source("drive.mkv").kind
    'path'

    Raises
    ------
    UnknownSourceError
        no rule knows the name
    """
    if text in ("auto", "demo"):
        return SourceSpec(text)
    if match := _NUMBERED.fullmatch(text):
        return SourceSpec(match["kind"], match["number"] or "0")
    if match := _V4L2.fullmatch(text):
        return SourceSpec("v4l2", _device(match["device"]))
    if (text.isascii() and text.isdigit()) or text.startswith("/dev/"):
        return SourceSpec("v4l2", _device(text))
    if match := _URL.fullmatch(text):
        if match["scheme"].lower() not in STREAM_SCHEMES:
            raise _unknown(text)
        return SourceSpec("stream", text)
    if _LOOKS_LIKE_A_PATH.search(text) or (text and Path(text).exists()):
        return SourceSpec("path", text)
    raise _unknown(text)


def _device(text: str) -> str:
    return f"/dev/video{text}" if text.isdigit() else text


def _unknown(text: str) -> UnknownSourceError:
    known = "; ".join(KNOWN_SOURCES)
    return UnknownSourceError(f"camera source {text!r} is not known and no such file exists. Known: {known}")
