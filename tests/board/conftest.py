"""A booted board, shared by all of its tests, which run in the order of the file."""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
from collections.abc import Generator, Iterator
from pathlib import Path

import cv2
import numpy as np
import pluggy
import pytest
from board_emulator import BOOT_SECONDS, EmulatedBoard

IMAGE_VARIABLE, READ_ONLY_VARIABLE, KEY_VARIABLE = "VIGIL_BOARD_IMAGE", "VIGIL_BOARD_READ_ONLY_IMAGE", "VIGIL_BOARD_KEY"
NEEDED = ("qemu-system-aarch64", "mcopy", "ssh")
PORTRAIT = Path(__file__).resolve().parents[2] / "edge" / "camera" / "demo" / "astronaut.jpg"
FACES, BLANKS = 10, 15


STRETCHED = "[Service]\nTimeoutStartSec=1700\nTimeoutStopSec=150\nWatchdogSec=300\n"
"""The unit's time limits, ten times as long: the emulator is slower than a board by more than that."""


@pytest.fixture(scope="module")
def new_board(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmulatedBoard]:
    """The board with the card as it was flashed, switched on."""
    yield from _switched_on(IMAGE_VARIABLE, tmp_path_factory.mktemp("board"))


@pytest.fixture(scope="module")
def read_only_board(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmulatedBoard]:
    """The same with a card that was built with ``read_only = true``."""
    yield from _switched_on(READ_ONLY_VARIABLE, tmp_path_factory.mktemp("read-only"))


def _switched_on(variable: str, folder: Path) -> Iterator[EmulatedBoard]:
    """A board with the card whose image the environment's ``variable`` names.

    Skips where there is no image of a card (script/test-board makes them) or no QEMU.
    """
    image, key = os.environ.get(variable), os.environ.get(KEY_VARIABLE)
    if not image or not key:
        pytest.skip(f"no image of a card: script/test-board builds one and sets ${variable} and ${KEY_VARIABLE}")
    if missing := [command for command in NEEDED if shutil.which(command) is None]:
        pytest.skip(f"not installed: {', '.join(missing)}")
    emulated = EmulatedBoard(Path(image), Path(key), folder)
    emulated.power_on()
    yield emulated
    emulated.discard()


@pytest.fixture(scope="module")
def board(new_board: EmulatedBoard) -> EmulatedBoard:
    """The board with its service's time limits stretched."""
    new_board.wait_for_ssh(BOOT_SECONDS)
    folder = "/etc/systemd/system/vigil.service.d"
    new_board.ssh(f"sudo mkdir -p {folder} && sudo tee {folder}/slow.conf >/dev/null <<'END'\n{STRETCHED}END")
    new_board.ssh("sudo systemctl daemon-reload")
    return new_board


@pytest.fixture(scope="session")
def scene(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of pictures, 320×240: a face in the first ten, nobody in the other fifteen."""
    folder = tmp_path_factory.mktemp("media") / "scene"
    folder.mkdir()
    portrait = cv2.resize(cv2.imread(str(PORTRAIT)), (320, 240))
    nobody = np.full_like(portrait, 90)
    for number in range(FACES + BLANKS):
        cv2.imwrite(str(folder / f"{number:02d}.jpg"), portrait if number < FACES else nobody)
    return folder


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pluggy.Result[pytest.TestReport], None]:
    """Show what the service told last, where a test failed."""
    outcome = yield
    report, board = outcome.get_result(), getattr(item, "funcargs", {}).get("board")
    if report.when == "call" and report.failed and isinstance(board, EmulatedBoard):
        with contextlib.suppress(subprocess.TimeoutExpired):
            told = board.ssh("sudo systemctl status vigil --no-pager -n 60; sudo dmesg | tail", check=False)
            report.sections.append(("the service", told.stdout + told.stderr))
