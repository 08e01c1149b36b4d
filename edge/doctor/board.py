"""The board itself: model, system, temperature, disk, clock."""

from __future__ import annotations

import os
import platform
import time
from pathlib import Path

from edge.doctor.finding import Finding, failed, ok, warning
from edge.doctor.patient import Patient
from edge.governor.throttling import throttled

HOT_CELSIUS = 80.0
"""A Raspberry Pi slows down from here on (Raspberry Pi documentation, frequency management and thermal control)."""

FULL_BYTES = 20_000_000
SCARCE_BYTES = 200_000_000
BUILT_YEAR = 2026
"""No clock that is right shows an earlier year."""

STATE_FOLDER = "var/lib/vigil"
NTP_STAMP = "run/systemd/timesync/synchronized"


def check_board(patient: Patient) -> Finding:
    """Which board and system this is."""
    board = patient.board or "no board with GPIO"
    seen = f"{board}; {_system()}, kernel {platform.release()}, {platform.machine()}"
    return ok("board", seen)


def check_temperature(patient: Patient) -> Finding:
    """How hot it is, and whether it slows itself down."""
    celsius = hottest(patient.root)
    seen = "no thermometer" if celsius is None else f"{celsius:.0f} °C"
    if reason := throttled(patient.root):
        power = "a stronger power supply and a short cable" if "power" in reason else "a heat sink, a fan, more air"
        return warning("temperature", f"{seen}; {reason}", f"give it {power}: Vigil looks less often meanwhile")
    if celsius is not None and celsius >= HOT_CELSIUS:
        return warning("temperature", seen, "give it a heat sink, a fan, more air, before it slows itself down")
    return ok("temperature", seen)


def hottest(root: Path) -> float | None:
    """The temperature of the hottest zone in °C; ``None`` where there is no thermometer."""
    readings = []
    for file in (root / "sys/class/thermal").glob("thermal_zone*/temp"):
        try:
            readings.append(int(file.read_text()) / 1000)
        except (OSError, ValueError):
            continue
    return max(readings, default=None)


def check_disk(patient: Patient) -> Finding:
    """Whether there is room for the journal, for events and for a new bundle."""
    state = patient.root / STATE_FOLDER
    folder = state if state.is_dir() else patient.root
    disk = os.statvfs(folder)
    free = disk.f_bavail * disk.f_frsize
    seen = f"{free / 1e9:.1f} GB free at {folder}"
    if free < FULL_BYTES:
        return failed("disk", seen, "make room: sudo journalctl --vacuum-size=50M; sudo apt-get clean")
    if free < SCARCE_BYTES:
        return warning("disk", seen, "make room soon: sudo journalctl --vacuum-size=50M; sudo apt-get clean")
    return ok("disk", seen)


def check_clock(patient: Patient) -> Finding:
    """Whether the calendar can be right.  Vigil's own times don't depend on it; those of the journal do."""
    now = time.gmtime()
    seen = time.strftime("%Y-%m-%d %H:%M UTC", now)
    if now.tm_year < BUILT_YEAR:
        return warning("clock", seen, "the log's times are wrong: connect a network for NTP, or a clock module")
    synchronized = (patient.root / NTP_STAMP).exists()
    return ok("clock", f"{seen}, {'set by NTP' if synchronized else 'not set by systemd-timesyncd'}")


def _system() -> str:
    try:
        return platform.freedesktop_os_release()["PRETTY_NAME"]
    except (OSError, KeyError):
        return platform.system()
