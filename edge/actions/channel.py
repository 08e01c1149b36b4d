"""Who has the say over one output: pure, without pins.

An output has three layers.  From the bottom:

1. the *steady* state, which ``on``, ``off``, ``toggle`` and ``value`` of ``when`` rules set;
2. a *pattern* (``blink``, ``beep``, ``pulse``) of a ``when`` rule, until it is over or another command comes;
3. the *holds* of ``while`` rules, each until its event ends.

The uppermost layer that has something to say decides, so no gesture can silence an alarm that is held.  Among
holds the most urgent event wins (by `URGENCY`), among equals the one that started last; when it ends, the one
beneath resumes, its pattern as far on as if it had never been covered.
"""

from __future__ import annotations

from dataclasses import dataclass

from edge.actions.commands import Command, Off, On, Toggle, Value
from edge.actions.patterns import SquareWave
from edge.actions.rules import Instruction, Kind
from edge.actions.settings import Level
from edge.timeline.states import DrowsinessState

_MOST_URGENT_LAST = (
    DrowsinessState.ADVISORY,
    DrowsinessState.DROWSY,
    DrowsinessState.MICROSLEEP,
    DrowsinessState.SLEEP,
    DrowsinessState.UNRESPONSIVE,
)
URGENCY = {state.event: rank for rank, state in enumerate(_MOST_URGENT_LAST, start=1)}
"""The dangerous drowsiness states, by the names of their events; every other event has urgency 0."""


@dataclass(frozen=True, slots=True)
class Drive:
    """What an output is told: ``action`` in the words of the event log, and its level or its wave from ``start``."""

    action: str
    because: str
    level: Level
    wave: SquareWave | None = None
    start: float = 0.0

    def level_at(self, t: float) -> Level:
        """The level at time ``t`` in seconds; 0.0 for a wave that is over."""
        if self.wave is None:
            return self.level
        return self.wave.value_at(t - self.start) or 0.0

    def is_over(self, t: float) -> bool:
        return self.wave is not None and self.wave.value_at(t - self.start) is None


@dataclass(frozen=True, slots=True)
class _Hold:
    rule: int
    urgency: int
    drive: Drive


class Channel:
    """The layers of one output.  ``off`` is the level that means off: 0.0, or ``None`` for a servo."""

    def __init__(self, initial: Level, off: Level = 0.0) -> None:
        self._off = off
        self._steady = self._as_steady(initial, "start")
        self._pattern: Drive | None = None
        self._holds: list[_Hold] = []

    @property
    def drive(self) -> Drive:
        """What the uppermost layer says, as of the last `expire`."""
        if self._holds:
            return max(self._holds, key=lambda hold: hold.urgency).drive
        return self._pattern or self._steady

    @property
    def is_moving(self) -> bool:
        """Whether the output can change without a new instruction."""
        return self.drive.wave is not None

    def apply(self, instruction: Instruction, t: float) -> None:
        """Let an instruction take effect at time ``t`` in seconds."""
        if instruction.kind is Kind.RELEASE:
            self._holds = [hold for hold in self._holds if hold.rule != instruction.rule]
        elif instruction.kind is Kind.HOLD:
            self._hold(instruction, t)
        else:
            self._do(instruction.command, instruction.because, t)

    def expire(self, t: float) -> None:
        """Drop the patterns that are over at time ``t``."""
        if self._pattern is not None and self._pattern.is_over(t):
            self._pattern = None
        self._holds = [hold for hold in self._holds if not hold.drive.is_over(t)]

    def reset(self, level: Level, because: str) -> None:
        """Forget every layer and stay at ``level``."""
        self._steady = self._as_steady(level, because)
        self._pattern = None
        self._holds = []

    def _hold(self, instruction: Instruction, t: float) -> None:
        if any(hold.rule == instruction.rule for hold in self._holds):
            return
        drive = self._drive(instruction.command, instruction.because, t, endless=True)
        # The newest goes first: `max` takes the first among equals.
        self._holds.insert(0, _Hold(instruction.rule, URGENCY.get(instruction.event, 0), drive))

    def _do(self, command: Command, because: str, t: float) -> None:
        drive = self._drive(command, because, t, endless=False)
        if drive.wave is None:
            self._steady, self._pattern = drive, None
        else:
            self._pattern = drive

    def _drive(self, command: Command, because: str, t: float, *, endless: bool) -> Drive:
        if isinstance(command, On):
            return Drive("on", because, 1.0)
        if isinstance(command, Off):
            return Drive("off", because, self._off)
        if isinstance(command, Toggle):
            is_on = self._pattern is not None or self._steady.level != self._off
            return Drive("off", because, self._off) if is_on else Drive("on", because, 1.0)
        if isinstance(command, Value):
            return self._as_steady(command.value, because)
        return Drive(command.action, because, None, command.wave(endless), t)

    def _as_steady(self, level: Level, because: str) -> Drive:
        return Drive(describe_level(level, self._off), because, level)


def describe_level(level: Level, off: Level = 0.0) -> str:
    """A steady level in the words of the event log: ``off``, ``on`` or ``value 0.5``."""
    if level == off:
        return "off"
    if level == 1.0 and off is not None:
        return "on"
    return f"value {level:g}"
