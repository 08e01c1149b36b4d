"""Each check on devices that are made up: what it finds, and what it says to do."""

from __future__ import annotations

import os
import struct
from collections.abc import Callable
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from edge.actions import gpiochip
from edge.actions import pins as pin_factories
from edge.actions.pins import PinsUnavailableError
from edge.doctor.board import check_board, check_clock, check_disk, check_temperature
from edge.doctor.camera import Look, check_camera, judge
from edge.doctor.finding import State
from edge.doctor.holders import Process, holders, in_words, line_holders
from edge.doctor.patient import Patient
from edge.doctor.permissions import check_permissions
from edge.doctor.pins import check_pins
from edge.doctor.service import check_service
from edge.doctor.setup import check_config_file, check_models
from edge.doctor.software import check_libraries, check_python, check_runtime
from edge.doctor.unit import Unit, parse

CONFIG = """
[camera]
source = "{source}"
[outputs.lamp]
type = "led"
pin = 17
[outputs.buzzer]
type = "buzzer"
pin = 18
"""


@pytest.fixture
def make_patient(tmp_path: Path, models_dir: Path) -> Callable[..., Patient]:
    """A Raspberry Pi 4 with the given camera and service; ``root`` of its file system is a folder."""

    def make(
        source: str = "demo", unit: Unit | None = None, board: str | None = "Raspberry Pi 4 Model B", **others: Any
    ) -> Patient:
        config = tmp_path / "vigil.toml"
        config.write_text(CONFIG.format(source=source))
        tree = tmp_path / "root/proc/device-tree"
        tree.mkdir(parents=True, exist_ok=True)
        if board:
            (tree / "model").write_text(board + "\0")
        patient = Patient(**{"models": models_dir, "config_file": config, "root": tmp_path / "root", **others})
        patient.__dict__["unit"] = unit or Unit()
        return patient

    return make


@pytest.fixture
def header(monkeypatch: pytest.MonkeyPatch) -> Callable[[Callable[[], Any]], None]:
    """Makes this the factory of a Raspberry Pi's pins."""

    def install(factory: Callable[[], Any]) -> None:
        for name in ("lgpio", "gpiochip"):
            monkeypatch.setitem(pin_factories.FACTORIES, name, factory)

    return install


def put(root: Path, path: str, text: str) -> None:
    file = root / path
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text)


def test_the_board_is_named(make_patient: Callable[..., Patient]) -> None:
    assert check_board(make_patient()).seen.startswith("Raspberry Pi 4 Model B; ")
    assert check_python(make_patient()).state is State.OK


@pytest.mark.parametrize(
    ("milli", "bits", "state", "said"),
    [
        ("45000", "0", State.OK, "45 °C"),
        ("81000", "0", State.WARNING, "81 °C"),
        ("45000", "1", State.WARNING, "power supply"),
        ("83000", "4", State.WARNING, "throttled"),
        ("45000", "50000", State.OK, "45 °C"),  # it was once, not now
    ],
)
def test_temperature(make_patient: Callable[..., Patient], milli: str, bits: str, state: State, said: str) -> None:
    patient = make_patient()
    put(patient.root, "sys/class/thermal/thermal_zone0/temp", milli)
    put(patient.root, "sys/devices/platform/soc/soc:firmware/get_throttled", bits)
    finding = check_temperature(patient)
    assert finding.state is state
    assert said in finding.seen


@pytest.mark.parametrize(("blocks", "state"), [(10**6, State.OK), (30_000, State.WARNING), (1_000, State.FAILED)])
def test_disk(make_patient: Callable[..., Patient], monkeypatch: pytest.MonkeyPatch, blocks: int, state: State) -> None:
    full = os.statvfs_result((4096, 4096, 10**7, blocks, blocks, 0, 0, 0, 0, 255))
    monkeypatch.setattr(os, "statvfs", lambda _: full)
    assert check_disk(make_patient()).state is state


def test_clock(make_patient: Callable[..., Patient], monkeypatch: pytest.MonkeyPatch) -> None:
    import time

    patient = make_patient()
    put(patient.root, "run/systemd/timesync/synchronized", "")
    assert "set by NTP" in check_clock(patient).seen
    monkeypatch.setattr(time, "gmtime", lambda: time.struct_time((1970, 1, 1, 0, 0, 7, 3, 1, 0)))
    assert check_clock(patient).state is State.WARNING


def test_libraries_and_runtime_are_used(make_patient: Callable[..., Patient], tmp_path: Path) -> None:
    assert check_libraries(make_patient()).state is State.OK
    assert " ran " in check_runtime(make_patient()).seen
    assert check_runtime(make_patient(models=tmp_path)).state is State.FAILED


def test_models_are_run(make_patient: Callable[..., Patient], models_dir: Path, tmp_path: Path) -> None:
    assert "verified by running them" in check_models(make_patient()).seen
    missing = check_models(make_patient(models=tmp_path))
    assert missing.state is State.FAILED
    assert missing.do


def test_every_problem_of_the_config_is_told(make_patient: Callable[..., Patient]) -> None:
    patient = make_patient()
    assert check_config_file(patient).seen.endswith("2 outputs, 0 rules")
    wrong = make_patient()
    assert wrong.config_file is not None
    wrong.config_file.write_text("[gesture]\nhold = 1\n[outputs.lamp]\ntype = 'lad'\npin = 17\n")
    finding = check_config_file(wrong)
    assert finding.state is State.FAILED
    assert "2 problems" in finding.seen
    assert check_models(wrong).state is State.OK, "what else can be checked is"


@pytest.mark.parametrize(
    ("grey", "contrast", "state"),
    [
        (120.0, 50.0, State.OK),
        (0.0, 0.5, State.FAILED),
        (3.0, 30.0, State.WARNING),  # a lamp in the dark: not black
        (25.0, 10.0, State.WARNING),
        (240.0, 5.0, State.WARNING),
    ],
)
def test_brightness(grey: float, contrast: float, state: State) -> None:
    finding = judge(Look("v4l2:/dev/video0", 640, 480, 30.0, grey, contrast))
    assert finding.state is state
    assert bool(finding.do) == (state is not State.OK)


def test_the_camera_is_looked_through(make_patient: Callable[..., Patient], tmp_path: Path) -> None:
    assert "640×480" in check_camera(make_patient("demo")).seen
    folder = tmp_path / "black"
    folder.mkdir()
    for number in range(5):
        cv2.imwrite(str(folder / f"{number}.png"), np.zeros((48, 64, 3), np.uint8))
    assert check_camera(make_patient(str(folder))).seen.endswith("black")
    absent = check_camera(make_patient("v4l2:/dev/video99"))
    assert absent.state is State.FAILED
    assert "no such device" in absent.seen


@pytest.mark.parametrize(
    ("status", "state"),
    [("watching v4l2:/dev/video0, 25 frames a second", State.OK), ("camera lost, outputs are safe: …", State.FAILED)],
)
def test_a_camera_in_use_by_the_service_is_not_opened(
    make_patient: Callable[..., Patient], status: str, state: State
) -> None:
    running = Unit("loaded", "active", "running", status=status, pid=7)
    finding = check_camera(make_patient("v4l2:/dev/video99", unit=running))
    assert finding.state is state
    assert status in finding.seen


def test_pins_are_opened(make_patient: Callable[..., Patient], header: Callable[..., None]) -> None:
    header(pin_factories.FACTORIES["mock"])
    assert check_pins(make_patient()).seen == "lamp GPIO17, buzzer GPIO18: each opened and released"
    assert check_pins(make_patient(unit=Unit("loaded", "active", "running", pid=7))).seen.endswith("(process 7)")


def test_pins_of_a_machine_without_gpio(make_patient: Callable[..., Patient]) -> None:
    assert check_pins(make_patient(board=None)).state is State.WARNING


def test_who_holds_a_busy_pin_is_named(
    make_patient: Callable[..., Patient], header: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    def busy() -> None:
        raise PinsUnavailableError("GPIO busy")

    patient = make_patient()
    put(patient.root, "dev/gpiochip0", "")
    put(patient.root, "proc/42/comm", "blinker\n")
    (patient.root / "proc/42/fd").mkdir()
    (patient.root / "proc/42/fd/3").symlink_to("anon_inode:gpio-line")
    header(busy)
    monkeypatch.setattr(gpiochip, "ask", kernel(used={17: "lg"}))
    finding = check_pins(patient)
    assert finding.state is State.FAILED
    assert "(held as 'lg' by blinker (process 42))" in finding.seen
    assert finding.seen.count("held as") == 1, "line 18 is free"


def kernel(used: dict[int, str]) -> Callable[[Path, int, bytes], bytes]:
    """The kernel's answers about a chip of a Raspberry Pi, some of whose lines are in use."""

    def ask(chip: Path, request: int, buffer: bytes) -> bytes:
        if request == gpiochip.GET_CHIP_INFO:
            assert len(buffer) == 68
            return struct.pack("32s32sI", b"gpiochip0", b"pinctrl-bcm2711", 58)
        assert len(buffer) == 256
        offset = struct.unpack_from("I", buffer, 64)[0]
        flags = int(offset in used)
        return struct.pack("32s32sIIQ176s", b"", used.get(offset, "").encode(), offset, 0, flags, b"")

    return ask


def test_holders(tmp_path: Path) -> None:
    device = tmp_path / "dev/video0"
    put(tmp_path, "dev/video0", "")
    for pid, target in ((9, device), (7, device), (8, tmp_path)):
        (tmp_path / f"proc/{pid}/fd").mkdir(parents=True)
        (tmp_path / f"proc/{pid}/fd/4").symlink_to(target)
    assert holders(device, tmp_path) == [Process(7, "a process"), Process(9, "a process")]
    assert in_words([Process(7, "vlc")]) == "vlc (process 7)"
    assert in_words([]).startswith("a ")


def test_holders_of_a_gpio_line(tmp_path: Path) -> None:
    """A request of lines is an anonymous file, as seen on Linux 6.12; kernels before 6.3 don't tell which lines."""
    told = {7: "pos:\t0\ngpio-chip:\tgpiochip0\ngpio-line:\t4\ngpio-line:\t17\n", 8: "pos:\t0\n"}
    told |= {9: "gpio-chip:\tgpiochip0\ngpio-line:\t1\n", 10: "gpio-chip:\tgpiochip1\ngpio-line:\t17\n"}
    for pid, info in told.items():
        put(tmp_path, f"proc/{pid}/fdinfo/4", info)
        (tmp_path / f"proc/{pid}/fd").mkdir()
        (tmp_path / f"proc/{pid}/fd/4").symlink_to("anon_inode:gpio-line")
    put(tmp_path, "proc/7/comm", "gpioset\n")
    assert line_holders(Path("/dev/gpiochip0"), 17, tmp_path) == [Process(7, "gpioset"), Process(8, "a process")]


@pytest.mark.skipif(os.geteuid() != 0, reason="only root sees with the service's eyes")
def test_the_services_permissions(make_patient: Callable[..., Patient]) -> None:
    assert check_permissions(make_patient()).state is State.OK
    finding = check_permissions(make_patient(unit=Unit("loaded")))
    assert finding.state in (State.OK, State.FAILED)


def test_permissions_of_a_person(make_patient: Callable[..., Patient], monkeypatch: pytest.MonkeyPatch) -> None:
    patient = make_patient()
    put(patient.root, "dev/video0", "")
    put(patient.root, "dev/gpiochip0", "")
    monkeypatch.setattr(os, "geteuid", lambda: os.getuid() or 65534)
    monkeypatch.setattr("pwd.getpwuid", lambda _: type("User", (), {"pw_name": "pi"}))
    monkeypatch.setattr(os, "access", lambda path, mode: "video" in str(path))
    finding = check_permissions(patient)
    assert finding.state is State.FAILED
    assert finding.do == "sudo usermod -aG gpio pi, then log in again"
    monkeypatch.setattr(os, "access", lambda path, mode: True)
    assert check_permissions(patient).seen == "user pi may use all 2 device files"


@pytest.mark.parametrize(
    ("unit", "state", "said"),
    [
        (Unit(), State.WARNING, "not installed"),
        (Unit("loaded", "active", "running", status="watching demo"), State.OK, "watching demo"),
        (Unit("loaded", "active", "running", restarts=3), State.WARNING, "restarted 3 times"),
        (Unit("loaded", "failed", "failed", "exit-code", exit_status=78), State.FAILED, "a mistake in the config"),
        (Unit("loaded", "activating", "auto-restart", "exit-code", exit_status=69), State.FAILED, "no camera"),
        (Unit("loaded", "failed", "failed", "watchdog", exit_status=6), State.FAILED, "watchdog"),
        (Unit("loaded", "inactive", "dead"), State.WARNING, "inactive"),
    ],
)
def test_service(make_patient: Callable[..., Patient], unit: Unit, state: State, said: str) -> None:
    finding = check_service(make_patient(unit=unit))
    assert finding.state is state
    assert said in finding.seen


def test_what_systemctl_says_is_understood() -> None:
    unit = parse("LoadState=loaded\nActiveState=active\nStatusText=a=b\nNRestarts=2\nMainPID=x\n")
    assert (unit.is_installed, unit.is_active, unit.status, unit.restarts, unit.pid) == (True, True, "a=b", 2, 0)
