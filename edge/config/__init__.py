"""The configuration: one TOML file, checked as a whole before anything starts."""

from edge.config.default import default_config, default_toml
from edge.config.events import Labels, labels_of
from edge.config.load import CheckedConfig, ConfigProblemsError, check_config, load_config, parse_config
from edge.config.model import Config
from edge.config.problem import Problem

__all__ = [
    "CheckedConfig",
    "Config",
    "ConfigProblemsError",
    "Labels",
    "Problem",
    "check_config",
    "default_config",
    "default_toml",
    "labels_of",
    "load_config",
    "parse_config",
]
