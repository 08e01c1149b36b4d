"""Outputs become safe in time, whatever the loop, the patterns or one pin are at."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from edge.actions import safe
from edge.actions.outputs import Outputs
from edge.actions.rules import Rules
from edge.config import Config, parse_config
from edge.errors import OutputError
from edge.service.budget import OUTPUTS_SAFE_SECONDS
from edge.service.daemon import Daemon
from edge.service.signals import signals_call
from edge.timeline import Timeline, TimelineSettings
from edge.values import Frame, Observation

CONFIG = """
[outputs.lamp]
type = "led"
pin = 17
initial = "on"
[outputs.fan]
type = "pwm"
pin = 18
initial = 0.5
safe = 0.25
"""


@pytest.fixture
def config() -> Config:
    return parse_config(CONFIG, "test").config


@pytest.fixture
def outputs(config: Config) -> Iterator[Outputs]:
    with Outputs.open(config.outputs, "mock") as opened:
        yield opened


class Hanging:
    """Sees nothing until released."""

    def __init__(self) -> None:
        self.has_begun, self.may_go = threading.Event(), threading.Event()

    def observe(self, frame: Frame) -> Observation:
        self.has_begun.set()
        self.may_go.wait(30)
        return Observation(frame.t, (), ())


class Endless:
    """A feed that always has a frame."""

    ended = False
    is_incomplete = False

    def next_frame(self, timeout_seconds: float) -> Frame:
        return Frame(np.zeros((8, 8, 3), np.uint8), time.monotonic(), 0)

    def close(self) -> None:
        pass


def make_daemon(observer: Any, outputs: Outputs) -> Daemon:
    return Daemon(observer, Timeline(TimelineSettings()), Rules(()), outputs, [])


def level(outputs: Outputs, pin: int) -> float:
    return float(outputs.pin_factory.pin(f"GPIO{pin}").state)


def test_outputs_are_safe_in_time_though_a_frame_hangs(outputs: Outputs) -> None:
    observer = Hanging()
    daemon = make_daemon(observer, outputs)
    loop = threading.Thread(target=daemon.run, args=(Endless(),), kwargs={"realtime": True})
    loop.start()
    observer.has_begun.wait(10)
    assert level(outputs, 17) == 1.0
    daemon.stop()
    deadline = time.monotonic() + OUTPUTS_SAFE_SECONDS
    while level(outputs, 17) != 0.0:
        assert time.monotonic() < deadline
        time.sleep(0.01)
    assert level(outputs, 18) == 0.25
    assert loop.is_alive(), "the frame still hangs"
    observer.may_go.set()
    loop.join(10)
    assert not loop.is_alive()


def test_a_pattern_that_cannot_advance_ends_the_loop(outputs: Outputs, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(t: float) -> None:
        raise OutputError("the pin fell off")

    monkeypatch.setattr(outputs, "tick", broken)
    observer = Hanging()
    observer.may_go.set()
    with pytest.raises(OutputError, match="fell off"):
        make_daemon(observer, outputs).run(Endless(), realtime=True)
    assert level(outputs, 17) == 0.0


def test_one_pin_that_fails_keeps_no_other_from_being_made_safe(
    config: Config, monkeypatch: pytest.MonkeyPatch
) -> None:
    lines: list[tuple[int, bool]] = []

    class Line:
        def __init__(self, number: int, high: bool) -> None:
            lines.append((number, high))
            if number == 17:
                raise OSError(16, "busy")

        def close(self) -> None:
            pass

    monkeypatch.setattr(safe, "_opener", lambda pins: Line)
    with pytest.raises(OutputError, match=r"not made safe: \[outputs.lamp\] GPIO17.*busy$"):
        safe.make_safe("gpiochip", safe.safe_lines(config.outputs))
    assert lines == [(17, False), (18, False)]


@pytest.mark.parametrize(
    ("table", "is_high"),
    [
        ('type = "led"', False),
        ('type = "led"\nsafe = "on"', True),
        ('type = "relay"\nactive_high = false', True),
        ('type = "relay"\nactive_high = false\nsafe = "on"', False),
        ('type = "pwm"\nsafe = 0.5', False),  # nobody makes its pulses
        ('type = "pwm"\nactive_high = false\nsafe = 0.5', True),
        ('type = "servo"\nsafe = 1', False),
    ],
)
def test_the_safe_level_of_a_line(table: str, is_high: bool) -> None:
    outputs = parse_config(f"[outputs.x]\npin = 5\n{table}\n", "test").config.outputs
    assert safe.safe_lines(outputs) == (safe.SafeLine("x", 5, is_high),)


def test_pins_are_made_safe_with_few_imports() -> None:
    """It must be done within two seconds on the slowest board, after a kill."""
    code = (
        "import edge.service.pins, sys; print([name for name in ('numpy', 'pydantic', 'cv2') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


def test_signals_are_heard_while_the_main_thread_is_busy_in_c() -> None:
    heard = threading.Event()
    with signals_call({signal.SIGUSR1: heard.set}):
        killer = threading.Timer(0.1, os.kill, (os.getpid(), signal.SIGUSR1))
        killer.start()
        lock = threading.Lock()
        lock.acquire()
        began = time.monotonic()
        while not heard.is_set():
            lock.acquire(timeout=0.05)
            assert time.monotonic() - began < 5
    assert signal.getsignal(signal.SIGUSR1) is signal.SIG_DFL


def test_a_signal_whose_function_fails_leaves_the_next_heard(caplog: pytest.LogCaptureFixture) -> None:
    heard = threading.Event()
    calls: list[int] = []

    def fail_once() -> None:
        calls.append(1)
        if len(calls) == 1:
            raise RuntimeError("first")
        heard.set()

    with signals_call({signal.SIGUSR1: fail_once}):
        while not heard.is_set():
            os.kill(os.getpid(), signal.SIGUSR1)
            heard.wait(0.05)
    assert "first" in caplog.text
