"""Errors of the frame sources."""

from __future__ import annotations

from edge.errors import CameraError, ConfigError


class CameraLostError(CameraError):
    """A camera or stream that worked delivers no more frames."""


class CameraSpentError(CameraError):
    """A camera that must not be opened again in this process."""


class SourceClosedError(CameraError, RuntimeError):
    """A frame was asked of a source that is not open."""


class UnknownSourceError(ConfigError, ValueError):
    """A source's name that no rule knows."""
