"""What a configuration needs before any device is touched: checked, verified and loaded."""

from __future__ import annotations

import argparse
from dataclasses import dataclass
from pathlib import Path

from edge.config import Config, default_config, labels_of, load_config
from edge.perception.observer import Observer
from edge.service.bundles import require_bundles, require_verified
from edge.service.options import override
from edge.timeline import Timeline, TimelineSettings

CONFIG_FILE = Path("/etc/vigil/vigil.toml")


@dataclass(frozen=True)
class Plan:
    """A configuration that can run, and the observer with the networks that it needs."""

    config: Config
    observer: Observer

    def timeline(self) -> Timeline:
        """A new one: nothing has been seen yet."""
        config = self.config
        drowsiness = config.drowsiness.model_copy(update={"enabled": config.tells("drowsiness")})
        return Timeline(
            TimelineSettings(gesture=config.gesture, emotion=config.emotion, drowsiness=drowsiness, face=config.face)
        )


def make_plan(arguments: argparse.Namespace, models: Path, *, verify: bool) -> Plan:
    """Read the config that the parsed arguments name, and load what it needs from the folder ``models``.

    ``verify`` runs the golden vectors of these bundles first.

    Raises:
        ConfigError, UsageError, ModelError: the config breaks a rule, or a bundle is missing, damaged or drifts.
    """
    config = _config(arguments, models)
    require_bundles(config, models)
    if verify:
        require_verified(models, config.tasks)
    return Plan(config, Observer.load(models, config.tasks, config.detection))


def _config(arguments: argparse.Namespace, models: Path) -> Config:
    """The named config, else the installed one, else the default; options on the command line come on top."""
    labels = labels_of(models)
    path = config_path(arguments.config)
    config = load_config(path, labels) if path else default_config()
    camera = override(config.camera, "source", arguments.source, "--source")
    detection = override(config.detection, "threads", arguments.threads, "--threads")
    return config.model_copy(update={"camera": camera, "detection": detection})


def config_path(named: Path | None) -> Path | None:
    """The named config, else the installed one if it is there."""
    return named or (CONFIG_FILE if CONFIG_FILE.is_file() else None)
