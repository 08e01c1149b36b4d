"""What the checks look at."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from edge.actions.pins import board_model
from edge.config import CheckedConfig, Config, ConfigProblemsError, check_config, default_config, labels_of
from edge.doctor.unit import Unit, ask_systemd
from edge.service.options import override


@dataclass(frozen=True)
class Patient:
    """A device and its set-up: ``config_file`` is ``None`` for the default config, ``source`` for the config's own.

    ``root`` is where ``/proc``, ``/sys``, ``/dev`` and ``/var`` are.
    """

    models: Path
    config_file: Path | None = None
    source: str | None = None
    pins: str = "auto"
    root: Path = Path("/")

    @cached_property
    def board(self) -> str | None:
        """The board's name; ``None`` on a PC."""
        return board_model(self.root / "proc/device-tree/model")

    @cached_property
    def checked(self) -> CheckedConfig | ConfigProblemsError:
        """The config with its warnings, or what is wrong with it."""
        if self.config_file is None:
            return CheckedConfig(default_config(), ())
        try:
            return check_config(self.config_file, labels_of(self.models))
        except ConfigProblemsError as error:
            return error

    @cached_property
    def config(self) -> Config:
        """The config, or the default one in place of a wrong one, so that the other checks have something to go by.

        Raises:
            UsageError: ``source`` is none.
        """
        config = self.checked.config if isinstance(self.checked, CheckedConfig) else default_config()
        return config.model_copy(update={"camera": override(config.camera, "source", self.source, "--source")})

    @cached_property
    def unit(self) -> Unit:
        """The state of the service."""
        return ask_systemd()
