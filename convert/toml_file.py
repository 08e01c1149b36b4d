"""A TOML file in a known form: a recipe, a card."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from edge.errors import ConfigError

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib  # type: ignore[import-not-found]

Form = TypeVar("Form", bound=BaseModel)


def read_tables(file: Path, error: type[ConfigError], what: str) -> dict[str, Any]:
    """What ``file`` says, in whatever form; ``what`` it is, is the option's name that gives it too.

    Raises:
        ConfigError: of the class ``error``, naming the file: it can't be read, or isn't TOML.
    """
    try:
        return tomllib.loads(file.read_text("utf-8"))
    except OSError as cause:
        raise error(f"{file}: can't read this {what} ({cause.strerror}); give one with --{what}") from cause
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as cause:
        raise error(f"{file}: not valid TOML: {cause}") from cause


def read_toml(file: Path, form: type[Form], error: type[ConfigError], what: str) -> Form:
    """What ``file`` says, in the form ``form``; see :func:`read_tables`.

    Raises:
        ConfigError: of the class ``error``, naming file, key, rule and what was received.
    """
    tables = read_tables(file, error, what)
    try:
        return form.model_validate(tables)
    except ValidationError as cause:
        first = cause.errors(include_url=False)[0]
        key = ".".join(str(part) for part in first["loc"]) or what
        raise error(f"{file}: {key}: {first['msg']}, received {first['input']!r}") from cause
