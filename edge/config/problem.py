"""One thing that is wrong in a config: where, which rule it breaks, what was received, what to do."""

from __future__ import annotations

import difflib
import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from edge.actions.commands import COMMANDS

MAX_SHOWN_CHARACTERS = 80
NOTHING = object()
"""Nothing was received: a key is missing, or the rule is about several."""


@dataclass(frozen=True, slots=True)
class Problem:
    """``table`` as it is written in the file, such as ``[outputs.lamp]``; ``key`` is empty for a whole table."""

    table: str
    key: str
    rule: str
    received: Any = NOTHING
    hint: str = ""

    def __str__(self) -> str:
        where = " ".join(part for part in (self.table, self.key) if part)
        received = "" if self.received is NOTHING else f"; received {show(self.received)}"
        hint = f" ({self.hint})" if self.hint else ""
        return f"{where}: {self.rule}{received}{hint}"


def show(received: Any) -> str:
    """A value as it stands in the file, or nearly so, cut where it is long."""
    text = json.dumps(received, ensure_ascii=False, default=str)
    return text if len(text) <= MAX_SHOWN_CHARACTERS else text[: MAX_SHOWN_CHARACTERS - 1] + "…"


def did_you_mean(received: str, known: Iterable[str], else_list: bool = True) -> str:
    """The known name that is nearest to a misspelt one; where none is near, all of them."""
    names = list(known)
    near = difflib.get_close_matches(received, names, n=1)
    if near:
        return f"did you mean {near[0]!r}?"
    return f"known are {', '.join(names) or 'none'}" if else_list else ""


def from_pydantic(error: Mapping[str, Any], table: str, model: type[BaseModel]) -> Problem:
    """A validation error of ``model``'s table in the words of the config file."""
    path = [str(part) for part in error["loc"]]
    if len(path) > 1 and path[0] == "do" and path[1] in COMMANDS:
        # Pydantic puts the tag of the union between the two keys.
        model = COMMANDS[path.pop(1)]
    key = ".".join(path)
    kind, received = error["type"], error["input"]
    if kind == "extra_forbidden":
        return Problem(table, key, "unknown key", received, did_you_mean(path[-1], _names(model)))
    if kind == "missing":
        return Problem(table, key, "is missing", hint=_description(model, path))
    if kind == "union_tag_not_found":
        return Problem(table, f"{key}.action", "is missing", hint=f"known are {', '.join(COMMANDS)}")
    if kind == "union_tag_invalid":
        tag = error["ctx"]["tag"]
        return Problem(table, key, "unknown action", tag, did_you_mean(tag, COMMANDS))
    if kind == "value_error":
        # A check of our own: its text says what to do, and for one between the keys of a table what was received.
        return Problem(table, key, _rule(error), NOTHING if isinstance(received, dict) else received)
    return Problem(table, key, _rule(error), received, _hint(error, model, path))


_TOML_WORDS = {"a valid integer": "a whole number", "a valid boolean": "true or false", "an object": "a table"}
"""What pydantic calls a type, and what TOML does."""


def _rule(error: Mapping[str, Any]) -> str:
    text = str(error["msg"]).removeprefix("Value error, ")
    text = re.sub(r"^(Input|String|Value) should ", "must ", text)
    for theirs, ours in _TOML_WORDS.items():
        text = text.replace(theirs, ours)
    return text


def _hint(error: Mapping[str, Any], model: type[BaseModel], path: Sequence[str]) -> str:
    received = error["input"]
    if isinstance(received, str) and error["type"] in ("int_type", "float_type", "bool_type"):
        return "write it without quotes"
    if isinstance(received, str) and "expected" in error.get("ctx", {}):
        near = did_you_mean(received, re.findall(r"'([^']*)'", error["ctx"]["expected"]), else_list=False)
        if near:
            return near
    return _description(model, path)


def _fields(model: type[BaseModel]) -> dict[str, FieldInfo]:
    return {field.alias or name: field for name, field in model.model_fields.items()}


def _names(model: type[BaseModel]) -> list[str]:
    return list(_fields(model))


def _description(model: type[BaseModel], path: Sequence[str]) -> str:
    field = _fields(model).get(path[-1]) if path else None
    return (field.description or "") if field else ""
