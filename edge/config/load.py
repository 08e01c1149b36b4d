"""From a file to a `Config`, or to the list of everything that is wrong with it."""

from __future__ import annotations

import json
import logging
import re
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from edge.actions.commands import OUTPUT_NAME
from edge.actions.rules import Rule
from edge.actions.settings import OUTPUT_TYPES, OutputSettings
from edge.config import conflicts
from edge.config.conflicts import output_table, rule_table
from edge.config.events import Labels
from edge.config.model import SETTINGS_TABLES, Config
from edge.config.problem import NOTHING, Problem, did_you_mean, from_pydantic
from edge.errors import ConfigError
from edge.settings import Settings

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib  # type: ignore[import-not-found]

log = logging.getLogger(__name__)

MAX_CONFIG_BYTES = 1 << 20

M = TypeVar("M", bound=BaseModel)


class ConfigProblemsError(ConfigError):
    """A config file that breaks rules; the text has one line for each problem."""

    def __init__(self, source: str, problems: Sequence[str]) -> None:
        super().__init__("\n".join(f"{source}: {problem}" for problem in problems))
        self.problems = tuple(problems)


@dataclass(frozen=True, slots=True)
class CheckedConfig:
    """A sound config, and what may still surprise its owner."""

    config: Config
    warnings: tuple[Problem, ...]


def load_config(path: Path, labels: Labels | None = None) -> Config:
    """The config in the file ``path``; warnings go to the log.

    Raises:
        ConfigProblemsError: with everything that is wrong, not only the first.
    """
    checked = check_config(path, labels)
    for warning in checked.warnings:
        log.warning("%s: %s", path, warning)
    return checked.config


def check_config(path: Path, labels: Labels | None = None) -> CheckedConfig:
    """The config in the file ``path``, with its warnings; ``labels`` are those of the installed bundles if known.

    Raises:
        ConfigProblemsError: with everything that is wrong, not only the first.
    """
    return parse_config(_read(path), str(path), labels)


def parse_config(text: str, source: str, labels: Labels | None = None) -> CheckedConfig:
    """The config in ``text``; ``source`` is its name in messages.

    Raises:
        ConfigProblemsError: with everything that is wrong, not only the first.
    """
    reader = _Reader(_parse_toml(text, source), labels or Labels())
    config = reader.read()
    if config is None:
        raise ConfigProblemsError(source, [str(problem) for problem in reader.problems])
    return CheckedConfig(config, tuple(conflicts.reserved_pins(reader.pins)))


def _read(path: Path) -> str:
    try:
        with path.open("rb") as file:
            content = file.read(MAX_CONFIG_BYTES + 1)
    except OSError as error:
        hint = "" if path.exists() else f"; `vigil config init {path}` writes one"
        raise ConfigProblemsError(str(path), [f"can't be read ({error.strerror}){hint}"]) from error
    if len(content) > MAX_CONFIG_BYTES:
        raise ConfigProblemsError(str(path), [f"is larger than {MAX_CONFIG_BYTES} bytes: not a config of Vigil"])
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1
        raise ConfigProblemsError(
            str(path), [f"line {line}: is not UTF-8 text; save the file in that encoding"]
        ) from error


def _parse_toml(text: str, source: str) -> dict[str, Any]:
    try:
        return tomllib.loads(text)
    except ValueError as error:
        raise ConfigProblemsError(source, [f"is not valid TOML: {error}"]) from error
    except RecursionError as error:
        raise ConfigProblemsError(source, ["is not valid TOML: nested too deeply"]) from error


@dataclass
class _Reader:
    """Reads one document table by table, so that one bad table doesn't hide what is wrong in the others."""

    document: Mapping[str, Any]
    labels: Labels
    problems: list[Problem] = field(default_factory=list)
    pins: dict[str, int] = field(default_factory=dict)

    def read(self) -> Config | None:
        """The config, or ``None`` with what is wrong in ``problems``."""
        self._check_tables()
        settings = {
            name: self._validate(model, self.document.get(name, {}), f"[{name}]")
            for name, model in SETTINGS_TABLES.items()
        }
        self.problems.extend(conflicts.contradicting_switches(settings))
        outputs = dict(self._outputs())
        rules = tuple(self._rules(outputs, settings))
        self.problems.extend(conflicts.pins_used_twice(self.pins))
        if self.problems:
            return None
        return Config.model_validate({**settings, "outputs": outputs, "rules": rules})

    def _check_tables(self) -> None:
        for name, value in self.document.items():
            if name in Config.model_fields:
                continue
            hint = did_you_mean(name, Config.model_fields)
            if isinstance(value, dict | list):
                self._note(f"[{name}]", "", "unknown table", hint=hint)
            else:
                self._note("", name, "unknown key outside of all tables", value, hint)

    def _outputs(self) -> Iterator[tuple[str, OutputSettings | None]]:
        tables = self.document.get("outputs", {})
        if not isinstance(tables, dict):
            self._note("[outputs]", "", "must be tables such as [outputs.lamp]", tables)
            return
        for name, table in tables.items():
            yield name, self._output(name, table)

    def _output(self, name: str, table: Any) -> OutputSettings | None:
        title = output_table(name)
        if not re.fullmatch(OUTPUT_NAME, name):
            self._note(title, "", "an output's name begins with a letter and has letters, digits, - and _ only", name)
        if not isinstance(table, dict):
            self._note(title, "", 'must be a table such as { type = "led", pin = 17 }', table)
            return None
        if isinstance(pin := table.get("pin"), int) and not isinstance(pin, bool):
            self.pins[name] = pin
        if "type" not in table:
            self._note(title, "type", "is missing", hint=f"known are {', '.join(OUTPUT_TYPES)}")
            return None
        kind = table["type"]
        if not isinstance(kind, str) or kind not in OUTPUT_TYPES:
            self._note(title, "type", "unknown type of output", kind, hint=did_you_mean(str(kind), OUTPUT_TYPES))
            return None
        return self._validate(OUTPUT_TYPES[kind], table, title)

    def _rules(
        self, outputs: Mapping[str, OutputSettings | None], settings: Mapping[str, Settings | None]
    ) -> Iterator[Rule]:
        tables = self.document.get("rules", [])
        if not isinstance(tables, list):
            self._note("[rules]", "", "must be a list of tables", hint="each begins with the line [[rules]]")
            return
        for number, table in enumerate(tables):
            rule = self._validate(Rule, table, rule_table(number))
            if isinstance(table, dict):
                self._check_events(number, table, settings)
            if rule is not None:
                self._add(conflicts.unfit_command(number, rule.do, outputs))
                yield rule

    def _check_events(self, number: int, table: Mapping[str, Any], settings: Mapping[str, Settings | None]) -> None:
        for key in ("when", "while"):
            if isinstance(event := table.get(key), str):
                self._add(
                    conflicts.unknown_event(number, key, event, self.labels)
                    or conflicts.switched_off_event(number, key, event, settings)
                )

    def _validate(self, model: type[M], table: Any, title: str) -> M | None:
        """``table`` as a ``model``; what is wrong is noted.

        Through JSON, because pydantic's strict rules for JSON are TOML's types: a list may become a tuple and text
        an enum, but ``"17"`` is no number and ``true`` no 1.
        """
        try:
            return model.model_validate_json(json.dumps(table, default=str), strict=True)
        except ValidationError as error:
            self.problems.extend(from_pydantic(each, title, model) for each in error.errors(include_url=False))
            return None

    def _note(self, table: str, key: str, rule: str, received: Any = NOTHING, hint: str = "") -> None:
        self.problems.append(Problem(table, key, rule, received, hint))

    def _add(self, problem: Problem | None) -> None:
        if problem is not None:
            self.problems.append(problem)
