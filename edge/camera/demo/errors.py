"""Errors of the demo scene."""

from __future__ import annotations

from edge.errors import InputError


class UnknownHandShapeError(InputError, ValueError):
    """A hand shape that the demo cannot draw."""


class DemoPortraitError(InputError):
    """The portrait that ships with the demo is damaged."""
