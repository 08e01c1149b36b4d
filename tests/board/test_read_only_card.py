"""A card built with ``read_only = true`` on an emulated Raspberry Pi: what two starts leave on it."""

from __future__ import annotations

import pytest
from board_emulator import BOOT_SECONDS, EmulatedBoard

pytestmark = pytest.mark.slow

LAMP = 17


def wait_for_the_lamp(board: EmulatedBoard) -> None:
    """The demo scene of the card's config has a face in it."""
    board.wait_for_ssh(BOOT_SECONDS)
    board.wait_for_pin(LAMP, True, BOOT_SECONDS)


def test_its_first_start_grows_it_and_makes_it_read_only(read_only_board: EmulatedBoard) -> None:
    wait_for_the_lamp(read_only_board)
    ended = read_only_board.ssh("systemctl show vigil-card-read-only -p Result -p ExecMainStatus").stdout.splitlines()
    assert sorted(ended) == ["ExecMainStatus=0", "Result=success"]
    assert int(read_only_board.ssh("df --output=size / | tail -n 1").stdout) > 3_000_000
    assert "overlayroot" in read_only_board.ssh("cat /etc/overlayroot.local.conf").stdout


def test_its_second_start_writes_nothing_to_it(read_only_board: EmulatedBoard) -> None:
    """From power-on to a power cut, the service at work and files being written."""
    read_only_board.shut_down(BOOT_SECONDS)
    before = read_only_board.card_digest()
    read_only_board.power_on()
    wait_for_the_lamp(read_only_board)
    assert read_only_board.ssh("findmnt -n -o FSTYPE /").stdout.strip() == "overlay"
    for below in ("/media/root-ro", "/boot/firmware"):
        assert "ro" in read_only_board.ssh(f"findmnt -n -o OPTIONS {below}").stdout.strip().split(",")
    read_only_board.ssh("echo mine | sudo tee /etc/vigil/mine; sync")
    read_only_board.cut_power()
    assert read_only_board.card_digest() == before


def test_a_power_cut_leaves_nothing_behind(read_only_board: EmulatedBoard) -> None:
    read_only_board.power_on()
    wait_for_the_lamp(read_only_board)
    assert read_only_board.ssh("test -e /etc/vigil/mine", check=False).returncode == 1
