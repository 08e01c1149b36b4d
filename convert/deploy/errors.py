"""What can stop a deployment; exit statuses as in sysexits.h."""

from __future__ import annotations

from edge.errors import ModelError, VigilError


class DeployError(VigilError):
    """Base of the errors of this room."""


class UnfitBundleError(DeployError, ModelError):
    """The bundle doesn't repeat its golden vectors, here or on the board (EX_DATAERR)."""


class NoHostError(DeployError):
    """The board's name doesn't resolve (EX_NOHOST)."""

    exit_status = 68


class UnavailableError(DeployError):
    """The board can't be reached, or lacks vigil, its service or what was kept (EX_UNAVAILABLE)."""

    exit_status = 69


class RestartError(DeployError):
    """The service doesn't run with the new bundle (EX_OSERR)."""

    exit_status = 71


class CantCreateError(DeployError):
    """The board's folder doesn't take the bundle: wrong, full or faulty (EX_CANTCREAT)."""

    exit_status = 73


class TryAgainError(DeployError):
    """The connection was lost, or another deployment is under way (EX_TEMPFAIL)."""

    exit_status = 75


class ProtocolError(DeployError):
    """The board answered what it never should (EX_PROTOCOL)."""

    exit_status = 76


class DeniedError(DeployError):
    """The host's key is unknown or changed, or the user may not log in, write or restart (EX_NOPERM)."""

    exit_status = 77
