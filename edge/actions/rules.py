"""The ``[[rules]]`` tables, and which of them an event calls for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum

from pydantic import Field, model_validator

from edge.actions.commands import Command, Do
from edge.settings import Settings
from edge.values import Event, EventState


class Rule(Settings):
    """One rule: ``when`` an event happens ``do`` something, or ``do`` it ``while`` an event lasts."""

    when: str | None = Field(default=None, description='event that calls for the action, such as "gesture.palm"')
    while_: str | None = Field(
        default=None,
        alias="while",
        description="instead of `when`: act when this event starts, and take it back when it ends",
    )
    state: EventState = Field(
        default=EventState.STARTED, description="with `when`: act as the event has started, or as it has ended"
    )
    do: Do = Field(description='what to do: "lamp.on", or a table { output = "lamp", action = "blink", count = 3 }')

    @model_validator(mode="after")
    def _check(self) -> Rule:
        if (self.when is None) == (self.while_ is None):
            raise ValueError("a rule has either `when` or `while`")
        if self.while_ is not None and "state" in self.model_fields_set:
            raise ValueError("`state` goes with `when`; a `while` rule acts on the start and takes it back on the end")
        if self.while_ is not None and self.do.action == "toggle":
            raise ValueError("`while` takes its action back at the end, which `toggle` can't; use `when`, or on or off")
        return self

    @property
    def event(self) -> str:
        """The name of the event that the rule is about."""
        return self.when or self.while_ or ""


class Kind(Enum):
    DO = "do"
    """Change the output until another rule does."""
    HOLD = "hold"
    """Take the output over until the same rule's RELEASE."""
    RELEASE = "release"


@dataclass(frozen=True, slots=True)
class Instruction:
    """What a rule asks of an output: ``rule`` is its place in the config, from 0; ``because`` the event in words."""

    kind: Kind
    rule: int
    command: Command
    event: str
    because: str


class Rules:
    """The rules in the order of the config.  Stateless: the same event always gives the same instructions."""

    def __init__(self, rules: Sequence[Rule]) -> None:
        self._rules = tuple(rules)

    def actions_for(self, event: Event) -> tuple[Instruction, ...]:
        """What the rules ask for at this event, in the order of the config; empty where no rule is about it."""
        because = event.name if event.state is EventState.STARTED else f"{event.name} ended"
        return tuple(
            Instruction(kind, number, rule.do, event.name, because)
            for number, rule in enumerate(self._rules)
            if rule.event == event.name and (kind := _kind(rule, event.state)) is not None
        )


def _kind(rule: Rule, state: EventState) -> Kind | None:
    if rule.while_ is not None:
        return Kind.HOLD if state is EventState.STARTED else Kind.RELEASE
    return Kind.DO if rule.state is state else None
