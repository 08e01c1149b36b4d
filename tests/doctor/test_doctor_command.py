"""The command: a screen, JSON, and an exit status that says whether Vigil would run."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from edge.cli import main
from edge.doctor import examine
from edge.doctor.finding import Finding, State, failed, ok, warning
from edge.doctor.patient import Patient

WELL = {"board": lambda _: ok("board", "a board"), "pins": lambda _: warning("pins", "simulated", "buy one")}
ILL = {**WELL, "camera": lambda _: failed("camera", "none found", "connect one")}


@pytest.fixture
def doctor(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Callable[..., tuple[int, str]]:
    """Runs the command on made-up checks."""

    def run(checks: dict[str, Callable[[Patient], Finding]], *options: str) -> tuple[int, str]:
        everything = examine.examine
        monkeypatch.setattr(examine, "examine", lambda patient: everything(patient, checks))
        status = main(["doctor", *options])
        monkeypatch.setattr(examine, "examine", everything)
        return status, capsys.readouterr().out

    return run


def test_the_screen(doctor: Callable[..., tuple[int, str]]) -> None:
    assert doctor(ILL) == (
        1,
        "ok       board        a board\n"
        "warning  pins         simulated\n"
        "                       → buy one\n"
        "FAILED   camera       none found\n"
        "                       → connect one\n"
        "Vigil can't do its job: camera\n",
    )


def test_warnings_leave_the_exit_status_0(doctor: Callable[..., tuple[int, str]]) -> None:
    status, screen = doctor(WELL)
    assert status == 0
    assert screen.endswith("Vigil can do its job\n")


def test_json(doctor: Callable[..., tuple[int, str]]) -> None:
    status, printed = doctor(ILL, "--json")
    said = json.loads(printed)
    assert (status, said["works"]) == (1, False)
    assert said["checks"][2] == {"name": "camera", "state": "failed", "seen": "none found", "do": "connect one"}


def test_a_check_that_breaks_down_is_a_finding(doctor: Callable[..., tuple[int, str]]) -> None:
    def broken(_: Patient) -> Finding:
        raise ZeroDivisionError("division by zero")

    status, screen = doctor({**WELL, "clock": broken})
    assert status == 1
    assert "the check itself failed: ZeroDivisionError" in screen


def test_every_check_finds_something_on_this_machine(models_dir: Path) -> None:
    patient = Patient(models_dir, source="demo", pins="mock")
    findings = {finding.name: finding for finding in examine.examine(patient)}
    assert list(findings) == list(examine.CHECKS)
    for name in ("libraries", "runtime", "config", "models", "camera"):
        assert findings[name].state is State.OK, findings[name]
