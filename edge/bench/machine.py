"""What this device is: board, system, libraries, and whether it runs at its full speed."""

from __future__ import annotations

import os
import platform
import re
from pathlib import Path

import cv2
import numpy as np

from edge.actions.pins import board_model
from edge.bench.report import Machine
from edge.doctor.board import hottest
from edge.governor.throttling import throttled
from edge.inference.runtime import Runtime

_DEVICE_TREE_MODEL = "proc/device-tree/model"
_CPU_INFO = "proc/cpuinfo"
_GOVERNOR = "sys/devices/system/cpu/cpu0/cpufreq/scaling_governor"


def describe_machine(runtime: Runtime, root: Path = Path("/")) -> Machine:
    """What this device is; ``root`` is where ``/proc`` and ``/sys`` are."""
    board = _board(root)
    return Machine(
        board=board,
        slug=slug(board),
        cpus=os.cpu_count() or 1,
        architecture=platform.machine(),
        system=_system(),
        python=platform.python_version(),
        numpy=np.__version__,
        opencv=cv2.__version__,
        runtime=f"{runtime.name} {runtime.version}",
        governor=_read(root / _GOVERNOR),
        throttled=throttled(root),
        celsius=hottest(root),
    )


def slug(board: str) -> str:
    """The name of a board's reference; revisions of one board share it.

    >>> slug("Raspberry Pi 4 Model B Rev 1.4")
    'raspberry-pi-4-model-b'
    """
    without_revision = re.sub(r"\bRev(ision)? [\d.]+$", "", board)
    return re.sub(r"[^a-z0-9]+", "-", without_revision.lower()).strip("-") or "unknown"


def _board(root: Path) -> str:
    return board_model(root / _DEVICE_TREE_MODEL) or _cpu(root) or platform.machine() or "unknown"


def _cpu(root: Path) -> str | None:
    """The first CPU's model name; many share one, so family and model of x86 are added."""
    fields: dict[str, str] = {}
    for line in (_read(root / _CPU_INFO) or "").splitlines():
        key, _, value = line.partition(":")
        fields.setdefault(key.strip(), value.strip())
    name = fields.get("model name")
    if name and {"cpu family", "model"} <= set(fields):
        return f"{name} family {fields['cpu family']} model {fields['model']}"
    return name


def _system() -> str:
    try:
        name = platform.freedesktop_os_release()["PRETTY_NAME"]
    except (OSError, KeyError):
        name = platform.system()
    return f"{name}, kernel {platform.release()}"


def _read(file: Path) -> str | None:
    try:
        return file.read_bytes().decode("utf-8", "replace").strip(" \0\n") or None
    except OSError:
        return None
