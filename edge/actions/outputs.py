"""The outputs: instructions come in, pins change, and every change of a command is reported."""

from __future__ import annotations

import atexit
import logging
import threading
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from types import TracebackType
from typing import Any

from edge.actions.channel import Channel, Drive
from edge.actions.devices import PinDevice
from edge.actions.pins import AUTO, board_model, choose, close_pins, open_pins
from edge.actions.rules import Instruction
from edge.actions.settings import Level, OutputSettings, ServoSettings
from edge.errors import OutputError
from edge.values import Action

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class PinChange:
    """A pin was set: ``value`` is 0 to 1, for a servo -1 to 1 or ``None`` (no pulses), whatever `active_high` says."""

    t: float
    output: str
    value: Level


Recorder = Callable[[PinChange], None]


class _Output:
    """One output: its layers, its device, and the level that was written last."""

    def __init__(self, name: str, settings: OutputSettings, device: PinDevice) -> None:
        self.name = name
        self.safe_level = settings.safe_level
        self.channel = Channel(settings.initial_level, off=None if isinstance(settings, ServoSettings) else 0.0)
        self.device = device
        self.level = settings.initial_level


class Outputs:
    """All outputs of a config.  A context manager: on leaving, every output is made safe and its pin given back.

    Times are seconds on the clock of the frames.  A time before one already seen counts as that one, so that the
    frames and a real-time ticker may call from two threads.
    """

    def __init__(self, outputs: Iterable[_Output], factory: Any, record: Recorder | None) -> None:
        self._outputs = {output.name: output for output in outputs}
        self._factory = factory
        self._record = record
        self._now = 0.0
        self._is_open = True
        self._lock = threading.RLock()
        atexit.register(self.close)

    @classmethod
    def open(cls, settings: Mapping[str, OutputSettings], pins: str = AUTO, record: Recorder | None = None) -> Outputs:
        """Claim every pin and set its initial level.

        Args:
            settings: the ``[outputs.<name>]`` tables by name.
            pins: the name of a pin factory, or ``auto`` for the board's own (mock on a machine without GPIO).
            record: is called with every `PinChange`.

        Raises:
            OutputError: naming the output and its pin; those already open are made safe and closed.
        """
        factory = open_pins(choose(pins, board_model()))
        opened: list[_Output] = []
        try:
            for name, table in settings.items():
                opened.append(_Output(name, table, PinDevice(name, table, factory)))
        except OutputError:
            cls(opened, factory, None).close()
            raise
        return cls(opened, factory, record)

    @property
    def pin_factory(self) -> Any:
        """The gpiozero pin factory: a test finds its mock pins here."""
        return self._factory

    def perform(self, instructions: Iterable[Instruction], t: float) -> tuple[Action, ...]:
        """Carry out the instructions of the events of one moment, and report each output whose command changed.

        Only what comes out in the end is written and reported: one alarm that takes over from another at the same
        moment leaves no gap.

        Raises:
            OutputError: where a pin can't be set, or an output doesn't exist.
        """
        asked: dict[str, list[Instruction]] = {}
        for instruction in instructions:
            asked.setdefault(instruction.command.output, []).append(instruction)
        with self._lock:
            now = self._advance(t)
            reports = [self._perform(self._find(name), batch, t, now) for name, batch in asked.items()]
        return tuple(report for report in reports if report is not None)

    def tick(self, t: float) -> tuple[Action, ...]:
        """Step the patterns to time ``t``; reports the outputs whose pattern is over.  Cheap when nothing moves."""
        reports = []
        with self._lock:
            now = self._advance(t)
            for output in self._outputs.values():
                if not output.channel.is_moving:
                    continue
                before = output.channel.drive
                output.channel.expire(now)
                self._write(output, output.channel.drive.level_at(now), now)
                if not _same(before, output.channel.drive):
                    reports.append(Action(t, output.name, output.channel.drive.action, f"{before.action} over"))
        return tuple(reports)

    def make_safe(self, because: str, t: float) -> tuple[Action, ...]:
        """Set every output to its safe state and forget what rules asked of it; reports what changed.

        Raises:
            OutputError: naming each output that could not be set, after all the others have been.
        """
        reports, failures = [], []
        with self._lock:
            now = self._advance(t)
            for output in self._outputs.values():
                before = output.channel.drive
                output.channel.reset(output.safe_level, because)
                try:
                    self._write(output, output.safe_level, now, always=True)
                except OutputError as error:
                    failures.append(str(error))
                if not _same(before, output.channel.drive):
                    reports.append(Action(t, output.name, output.channel.drive.action, because))
        if failures:
            raise OutputError(f"not made safe: {'; '.join(failures)}")
        return tuple(reports)

    def close(self) -> None:
        """Make every output safe, then give the pins back.  A closed pin is an input: what keeps its level from then
        on is the board's pull resistor, so wire loads that must stay off accordingly.  Faults are logged, not raised.
        """
        with self._lock:
            if not self._is_open:
                return
            self._is_open = False
            atexit.unregister(self.close)
            _log_fault(lambda: self.make_safe("close", self._now))
            for output in self._outputs.values():
                _log_fault(output.device.close)
            _log_fault(lambda: close_pins(self._factory))

    def __enter__(self) -> Outputs:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _find(self, name: str) -> _Output:
        if name not in self._outputs:
            known = ", ".join(self._outputs) or "none"
            raise OutputError(f"no output is called {name!r}; the config has {known}")
        return self._outputs[name]

    def _advance(self, t: float) -> float:
        self._now = max(self._now, t)
        return self._now

    def _perform(self, output: _Output, batch: list[Instruction], t: float, now: float) -> Action | None:
        channel = output.channel
        before = channel.drive
        channel.expire(now)
        for instruction in batch:
            channel.apply(instruction, now)
        after = channel.drive
        self._write(output, after.level_at(now), now)
        if _same(before, after):
            return None
        causes = [instruction.because for instruction in batch]
        return Action(t, output.name, after.action, after.because if after.because in causes else causes[-1])

    def _write(self, output: _Output, level: Level, now: float, *, always: bool = False) -> None:
        if level == output.level and not always:
            return
        output.device.set(level)
        if level != output.level and self._record is not None:
            self._record(PinChange(now, output.name, level))
        output.level = level


def _same(one: Drive, other: Drive) -> bool:
    """Whether two drives are the same command, for whatever reason each was given."""
    return (one.action, one.level, one.wave, one.start) == (other.action, other.level, other.wave, other.start)


def _log_fault(step: Callable[[], object]) -> None:
    try:
        step()
    except OutputError as error:
        log.error("%s", error)
