"""Options of the command line that stand in for keys of the configuration."""

from __future__ import annotations

from typing import Any, TypeVar

from pydantic import ValidationError

from edge.errors import VigilError
from edge.settings import Settings

S = TypeVar("S", bound=Settings)


class UsageError(VigilError):
    """An option of the command line has a value that can't be."""

    exit_status = 2


def override(settings: S, key: str, value: Any, option: str) -> S:
    """``settings`` with ``value`` for ``key``, checked as in a file; ``None``, an option not given, changes nothing.

    Raises:
        UsageError: naming the ``option``, its value and the rule.
    """
    if value is None:
        return settings
    try:
        return type(settings).model_validate({**settings.model_dump(), key: value})
    except ValidationError as error:
        rule = error.errors()[0]["msg"].removeprefix("Value error, ").replace("Input should be", "must be")
        raise UsageError(f"{option} {value}: {rule}") from error
