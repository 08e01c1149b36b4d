"""Frame sources: cameras, streams, files and the demo scene."""

from edge.camera.errors import CameraLostError, UnknownSourceError
from edge.camera.latest import LatestFrames
from edge.camera.opening import open_source
from edge.camera.pacing import Paced
from edge.camera.settings import CameraSettings
from edge.camera.source import Source
from edge.camera.spec import SourceSpec, parse_source

__all__ = [
    "CameraLostError",
    "CameraSettings",
    "LatestFrames",
    "Paced",
    "Source",
    "SourceSpec",
    "UnknownSourceError",
    "open_source",
    "parse_source",
]
