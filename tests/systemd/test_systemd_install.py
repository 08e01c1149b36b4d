"""The installer, into a folder that stands for a board's file system; pip and systemd are stand-ins that record."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
INSTALL = ROOT / "systemd" / "install"

PYTHON = f"""#!/bin/sh
echo "python $*" >>"$CALLS"
last() {{ for word; do :; done; echo "$word"; }}
case "$*" in
  *"-m venv "*) mkdir -p "$(last "$@")/bin"; cp "$0" "$(last "$@")/bin/python" ;;
  *" wheel "*) shift $(($# - 2)); echo wheel >"$1/vigil-1-py3-none-any.whl" ;;
  "-m pip "*) ;;
  *shipped_models_dir*) echo {ROOT}/models ;;
  *" config init "*) echo "# default" >"$(last "$@")" ;;
  --version) echo "Python 3.13.5" ;;
  *"import picamera2"* | *"import lgpio"* | *"import cv2"* | *"import numpy"*) exit 1 ;;
  *) exec {sys.executable} "$@" ;;
esac
"""
SYSTEMCTL = """#!/bin/sh
echo "systemctl $*" >>"$CALLS"
root=${1#--root=}
wants=$root/etc/systemd/system/multi-user.target.wants
case "$*" in *enable*) mkdir -p "$wants"; ln -sf ../vigil.service "$wants/vigil.service" ;; esac
"""
SYSUSERS = """#!/bin/sh
echo "systemd-sysusers $*" >>"$CALLS"
echo vigil:x:999:999:Vigil:/var/lib/vigil:/usr/sbin/nologin >>"$2/etc/passwd"
"""


class Board:
    """A folder that stands for a board, and what was called on it."""

    def __init__(self, folder: Path, model: str) -> None:
        self.root, self.calls, self._model = folder / "root", folder / "calls", folder / "model"
        self._bin = folder / "bin"
        self.root.mkdir()
        self._bin.mkdir()
        self._model.write_text(model + "\0")
        for name, text in {"python3": PYTHON, "systemctl": SYSTEMCTL, "systemd-sysusers": SYSUSERS}.items():
            (self._bin / name).write_text(text)
            (self._bin / name).chmod(0o755)

    def install(self, *options: str) -> str:
        """What the installer says."""
        self.calls.write_text("")
        done = subprocess.run(
            ["sh", str(INSTALL), "--root", str(self.root), *options],
            env={
                "PATH": f"{self._bin}:/usr/bin:/bin:/usr/sbin:/sbin",
                "CALLS": str(self.calls),
                "BOARD_MODEL": str(self._model),
                "PYTHON": str(self._bin / "python3"),
            },
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def tree(self) -> dict[str, str]:
        """Every file and link with a digest of its content."""
        found = {}
        for path in sorted(self.root.rglob("*")):
            name = str(path.relative_to(self.root))
            if path.is_symlink():
                found[name] = os.readlink(path)
            elif path.is_file():
                found[name] = hashlib.sha256(path.read_bytes()).hexdigest()
        return found

    def called(self, words: str) -> list[str]:
        return [line for line in self.calls.read_text().splitlines() if words in line]


@pytest.fixture
def board(tmp_path: Path) -> Board:
    return Board(tmp_path, "Raspberry Pi 4 Model B Rev 1.4")


def test_a_dry_run_changes_nothing(board: Board) -> None:
    said = board.install("--dry-run")
    assert "would run" in said
    assert board.tree() == {}
    assert board.called("-m venv") == board.called("-m pip") == board.called("systemctl") == []


def test_it_installs_everything_and_a_second_time_nothing(board: Board) -> None:
    board.install()
    tree = board.tree()
    for path in (
        "etc/systemd/system/vigil.service",
        "etc/sysusers.d/vigil.conf",
        "etc/udev/rules.d/60-vigil.rules",
        "etc/vigil/vigil.toml",
        "opt/vigil/models/faces/manifest.json",
        "opt/vigil/share/board.md",
    ):
        assert path in tree
    assert tree["usr/local/bin/vigil"] == "/opt/vigil/bin/vigil"
    assert board.called("enable --quiet vigil.service")
    assert "[pi]" in board.called("install --upgrade")[0]

    said = board.install()
    assert said == "vigil install: nothing to do\n"
    assert board.tree() == tree
    assert board.called("-m pip") == board.called("systemctl") == []


def test_an_upgrade_keeps_the_config_and_bundles_of_ones_own(board: Board) -> None:
    board.install()
    config = board.root / "etc/vigil/vigil.toml"
    config.write_text("# mine\n")
    models = board.root / "opt/vigil/models"
    own, outdated = models / "gesture/manifest.json", models / "eyes/manifest.json"
    own.write_text("{}")
    outdated.write_text("{}")
    (models / ".shipped/eyes").write_text(hashlib.sha256(b"{}").hexdigest() + "\n")
    (board.root / "etc/systemd/system/vigil.service").write_text("outdated")
    said = board.install()
    assert config.read_text() == "# mine\n"
    assert "keeping your own bundle" in said
    assert own.read_text() == "{}"
    assert outdated.read_text() == (ROOT / "models/eyes/manifest.json").read_text()
    assert (board.root / "etc/systemd/system/vigil.service").read_text() != "outdated"


def test_from_a_wheelhouse_nothing_is_asked_of_the_network(board: Board, tmp_path: Path) -> None:
    wheels = tmp_path / "wheels"
    wheels.mkdir()
    (wheels / "vigil-1-py3-none-any.whl").write_text("wheel")
    board.install("--wheelhouse", str(wheels))
    (installing,) = board.called("-m pip")
    assert f"--no-index --find-links {wheels}" in installing
    assert f"{wheels}/vigil-1-py3-none-any.whl[pi]" in installing


def test_a_jetson_gets_its_library_and_its_drop_in(tmp_path: Path) -> None:
    board = Board(tmp_path, "NVIDIA Jetson Orin Nano Developer Kit")
    board.install()
    assert "[jetson]" in board.called("install --upgrade")[0]
    assert "etc/systemd/system/vigil.service.d/jetson.conf" in board.tree()


def test_uninstalling_keeps_what_is_ones_own_unless_purged(board: Board) -> None:
    board.install()
    board.install("--uninstall")
    left = board.tree()
    assert "etc/vigil/vigil.toml" in left
    assert "opt/vigil/models/faces/manifest.json" in left
    assert not [path for path in left if "systemd" in path or "bin/" in path or "udev" in path]
    board.install()
    board.install("--uninstall", "--purge")
    assert list(board.tree()) == ["etc/passwd"]


def test_a_misspelt_option_is_refused() -> None:
    done = subprocess.run(["sh", str(INSTALL), "--dryrun"], capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert "unknown option --dryrun" in done.stderr
