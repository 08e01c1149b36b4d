"""What the settings of a card bring: the files, and what is refused."""

from __future__ import annotations

import configparser
import os
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

IMAGE = Path(__file__).resolve().parents[2] / "systemd" / "image"
KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJ9z you@workstation"
SETTINGS = f'hostname = "car"\nssh_keys = ["{KEY}"]\n'
WIFI = '[wifi]\ncountry = "DE"\nssid = "home net"\npassword = "secret secret"\n'


@pytest.fixture
def card(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """The builder's modules, which are no package."""
    monkeypatch.syspath_prepend(str(IMAGE))
    import card_disk
    import card_files
    import card_rootfs
    import card_settings

    class Modules:
        disk, files, rootfs, settings = card_disk, card_files, card_rootfs, card_settings

    yield Modules
    for name in ("card_disk", "card_files", "card_rootfs", "card_settings"):
        sys.modules.pop(name, None)


def write(folder: Path, text: str) -> Path:
    path = folder / "card.toml"
    path.write_text(text)
    return path


def test_a_card_has_its_name_and_its_key(card: Any, tmp_path: Path) -> None:
    settings = card.settings.read_settings(write(tmp_path, SETTINGS))
    card.rootfs.write_files(tmp_path / "root", card.files.card_files(settings))
    assert (tmp_path / "root/etc/hostname").read_text() == "car\n"
    keys = tmp_path / "root/home/admin/.ssh/authorized_keys"
    assert keys.read_text() == f"{KEY}\n"
    assert stat.S_IMODE(keys.stat().st_mode) == 0o600
    assert "PasswordAuthentication no" in (tmp_path / "root/etc/ssh/sshd_config.d/vigil.conf").read_text()
    assert not (tmp_path / "root/etc/wpa_supplicant").exists()


def test_the_same_settings_give_the_same_files(card: Any, tmp_path: Path) -> None:
    settings = card.settings.read_settings(write(tmp_path, SETTINGS + WIFI))
    assert card.files.card_files(settings) == card.files.card_files(settings)


def test_wifi_config_and_read_only(card: Any, tmp_path: Path) -> None:
    (tmp_path / "vigil.toml").write_text("# mine\n")
    text = SETTINGS + 'config = "vigil.toml"\nread_only = true\n' + WIFI
    settings = card.settings.read_settings(write(tmp_path, text))
    files = card.files.card_files(settings)
    assert files["etc/vigil/vigil.toml"].text == "# mine\n"
    wpa = files["etc/wpa_supplicant/wpa_supplicant-wlan0.conf"]
    assert 'ssid="home net"' in wpa.text
    assert wpa.mode == 0o600
    assert "vigil-card-read-only" in card.files.units_to_enable(settings)
    assert "etc/systemd/system/vigil-card-read-only.service" in files
    assert "wpa_supplicant@wlan0" in card.files.units_to_enable(settings)


def test_units_and_scripts_are_well_formed(card: Any, tmp_path: Path) -> None:
    files = card.files.card_files(card.settings.read_settings(write(tmp_path, SETTINGS)))
    for name, file in files.items():
        if name.endswith(".service"):
            unit = configparser.ConfigParser(strict=False)
            unit.optionxform = str  # type: ignore[method-assign, assignment]
            unit.read_string(file.text)
            assert unit["Install"]["WantedBy"]
        if file.text.startswith("#!/bin/sh"):
            assert subprocess.run(["sh", "-n"], input=file.text, text=True, check=False).returncode == 0


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ("hostnam = 'car'", "unknown key hostnam; known are config"),
        ("hostname = 'My Car'", "hostname: small letters"),
        ("ssh_keys = []", "at least one public key"),
        ("ssh_keys = ['hunter2']", "public keys such as"),
        ("[wifi]\ncountry = 'Germany'\nssid = 'a'\npassword = '12345678'", "two capital letters"),
        ("[wifi]\ncountry = 'DE'\nssid = 'a'\npassword = '1234'", "8 to 63 characters"),
        ("[wifi]\ncountry = 'DE'\nssid = 'a'", "password: must be text"),
        ("hostname = ", "can't be read"),
    ],
)
def test_wrong_settings_are_refused(card: Any, tmp_path: Path, change: str, said: str) -> None:
    key = change.split(" ")[0]
    kept = [line for line in SETTINGS.splitlines() if not line.startswith(key)]
    with pytest.raises(card.settings.CardError, match=said):
        card.settings.read_settings(write(tmp_path, "\n".join([*kept, change])))


def test_the_example_is_refused_until_it_has_a_key(card: Any) -> None:
    with pytest.raises(card.settings.CardError, match="ssh_keys"):
        card.settings.read_settings(IMAGE / "settings.example.toml")


def test_the_partitions_follow_each_other(card: Any) -> None:
    assert card.disk.BOOT_START_MIB + card.disk.BOOT_MIB == card.disk.ROOT_START_MIB


def test_the_packages_are_named_once(card: Any) -> None:
    packages = card.rootfs.packages()
    assert len(packages) == len(set(packages)) > 10


def test_what_building_changed_gets_one_time_and_the_rest_keeps_its_own(card: Any, tmp_path: Path) -> None:
    (tmp_path / "sub").mkdir()
    for name, changed in (("sub/old", 1_600_000_000), ("sub/new", 2_000_000_000), ("newer", 2_000_000_001)):
        (tmp_path / name).touch()
        os.utime(tmp_path / name, (changed, changed))
    (tmp_path / "link").symlink_to("sub/old")
    card.rootfs.settle_times(tmp_path, 1_700_000_000)
    times = {name: int((tmp_path / name).lstat().st_mtime) for name in ("sub/old", "sub/new", "newer", "link", "sub")}
    assert times.pop("sub/old") == 1_600_000_000
    assert set(times.values()) == {card.rootfs.EPOCH}


def test_the_kernel_of_backports_is_preferred_and_nothing_else_of_it(card: Any) -> None:
    pin = card.files.base_files()["etc/apt/preferences.d/vigil-card"].text
    assert "Package: linux-image-* linux-base* linux-binary-* linux-modules-*\nPin: release n=trixie-backports\n" in pin
    assert any("trixie-backports" in source for source in card.rootfs.SOURCES)


@pytest.mark.parametrize("kept", [True, False], ids=["beside the modules", "where older kernels had them"])
def test_device_trees_are_found_wherever_a_kernel_keeps_them(card: Any, tmp_path: Path, kept: bool) -> None:
    found = tmp_path / "linux-image-7.3" / "broadcom" / "bcm2712-rpi-5-b.dtb"
    tree = tmp_path / "modules/7.3/dtb/broadcom/bcm2712-rpi-5-b.dtb" if kept else found
    tree.parent.mkdir(parents=True)
    tree.touch()
    script = card.files.DEVICE_TREES_SCRIPT.replace("/usr/lib", str(tmp_path))
    for _ in range(2):
        subprocess.run(["sh", "-c", script, "hook", "7.3", "/boot/vmlinuz-7.3"], check=True)
    assert found.is_file()


def test_a_boot_partition_that_a_board_would_not_start_from_is_refused(card: Any, tmp_path: Path) -> None:
    for pattern in card.disk.NEEDED_TO_BOOT:
        (tmp_path / pattern.replace("*", "7.3")).touch()
    card.disk.check_boot(tmp_path)
    (tmp_path / "bcm2712-rpi-5-b.dtb").unlink()
    with pytest.raises(card.settings.CardError, match=r"left no bcm2712-rpi-5-b\.dtb"):
        card.disk.check_boot(tmp_path)
