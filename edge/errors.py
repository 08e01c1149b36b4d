"""The errors that reach a person: what, where, which rule, what was received, what to do.

Each room defines its own one-line subclasses.  ``exit_status`` follows sysexits.h, so that systemd
and scripts can tell a bad config from an absent camera.
"""

from __future__ import annotations


class VigilError(Exception):
    """Base of every error that Vigil raises on purpose; its text is meant for the user."""

    exit_status = 1


class InputError(VigilError):
    """An input file is missing, unreadable or damaged (EX_NOINPUT)."""

    exit_status = 66


class ModelError(VigilError):
    """A bundle is missing, damaged or unfit (EX_DATAERR)."""

    exit_status = 65


class CameraError(VigilError):
    """A camera or stream cannot be opened, or is lost (EX_UNAVAILABLE)."""

    exit_status = 69


class OutputError(VigilError):
    """A pin or another output cannot be opened or driven (EX_OSERR)."""

    exit_status = 71


class ConfigError(VigilError):
    """The configuration breaks a rule (EX_CONFIG)."""

    exit_status = 78
