"""What stops a training, beside its recipe and its data."""

from __future__ import annotations

from edge.errors import ConfigError, InputError, VigilError


class WriteError(VigilError):
    """A result can't be written: a full disk, a missing permission (EX_IOERR)."""

    exit_status = 74


class ResumeError(InputError):
    """A training can't go on from a checkpoint: it is damaged, or another network's."""


class DistributionError(ConfigError):
    """The devices can't share a training."""
