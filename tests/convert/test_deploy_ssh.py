"""`vigil-convert deploy` against a real SSH server: in force and whole at every moment, whatever fails."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import re
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from deploy_sshd import Board, fraying_line, missing_tools, running_board

from convert.cli import main

pytestmark = pytest.mark.skipif(missing_tools() is not None, reason=str(missing_tools()))

Deploy = Callable[..., int]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Board]:
    with running_board(tmp_path_factory.mktemp("board")) as board:
        login = subprocess.run(["ssh", "-F", str(board.config), "board", "true"], capture_output=True, text=True)
        if login.returncode != 0:
            pytest.skip(f"this user can't log in to an SSH server of its own here: {login.stderr.strip()}")
        yield board


@pytest.fixture
def board(server: Board, models_dir: Path) -> Board:
    """A board with a `vigil` and the shipped bundle for eyes."""
    for folder in (server.models, server.programs):
        shutil.rmtree(folder)
        folder.mkdir()
    shutil.copytree(models_dir / "eyes", server.models / "eyes")
    server.install_python()
    server.install_quick_vigil()
    return server


@pytest.fixture
def deploy(board: Board, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Deploy:
    """``deploy(bundle, *options)``: the exit status of the command; ``ssh`` reads the board's config."""
    wrapper = tmp_path / "bin" / "ssh"
    wrapper.parent.mkdir()
    wrapper.write_text(f'#!/bin/sh\nexec {shutil.which("ssh")} -F {board.config} "$@"\n')
    wrapper.chmod(0o755)
    monkeypatch.setenv("PATH", f"{wrapper.parent}:{os.environ['PATH']}")

    def command(bundle: Path | str, *options: str, host: str = "board") -> int:
        return main(["deploy", str(bundle), host, "--models", str(board.models), *options])

    return command


@pytest.fixture
def newer(models_dir: Path, tmp_path: Path) -> Path:
    """The bundle for eyes, as version 9.9.9."""
    return renumbered(models_dir / "eyes", tmp_path / "newer", "9.9.9")


def renumbered(bundle: Path, copy: Path, version: str) -> Path:
    shutil.copytree(bundle, copy)
    manifest = json.loads((copy / "manifest.json").read_text())
    (copy / "manifest.json").write_text(json.dumps(manifest | {"version": version}))
    return copy


def hashes(folder: Path) -> dict[str, str]:
    return {file.name: hashlib.sha256(file.read_bytes()).hexdigest() for file in sorted(folder.iterdir())}


def left_over(board: Board) -> list[str]:
    """What a deployment leaves beside the bundles."""
    return sorted(str(path.relative_to(board.models / ".deploy")) for path in board.models.glob(".deploy/*/*"))


def test_a_bundle_replaces_the_old_one_which_is_kept(
    deploy: Deploy, board: Board, newer: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    board.install_vigil()
    old = hashes(board.models / "eyes")
    assert deploy(newer) == 0
    assert hashes(board.models / "eyes") == hashes(newer)
    assert hashes(board.models / ".deploy" / "eyes" / "previous" / "eyes") == old
    assert left_over(board) == ["eyes/previous"]
    assert re.search(r"board: verified there: pass eyes: 1 outputs, largest difference", caplog.text)
    assert "9.9.9 is in force" in caplog.text
    assert {oct(file.stat().st_mode & 0o777) for file in (board.models / "eyes").iterdir()} == {"0o644"}


def test_roll_back_and_forth(deploy: Deploy, board: Board, newer: Path) -> None:
    old = hashes(board.models / "eyes")
    assert deploy(newer) == 0
    assert deploy("eyes", "--rollback") == 0
    assert hashes(board.models / "eyes") == old
    assert deploy("models/eyes", "--rollback") == 0
    assert hashes(board.models / "eyes") == hashes(newer)


def test_the_first_bundle_of_a_task(deploy: Deploy, board: Board, models_dir: Path) -> None:
    assert deploy(models_dir / "faces") == 0
    assert hashes(board.models / "faces") == hashes(models_dir / "faces")


def test_a_board_on_which_it_drifts_keeps_the_old_one(
    deploy: Deploy, board: Board, newer: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    old = hashes(board.models / "eyes")
    board.install_vigil(max_drift=-1)
    assert deploy(newer) == 65
    assert hashes(board.models / "eyes") == old
    assert left_over(board) == []
    message = capsys.readouterr().err
    assert "board: this board's `vigil models verify` refuses the bundle: FAILED  eyes: output 'logits'" in message
    assert "drifted by" in message


def test_a_previous_one_that_drifts_is_not_rolled_back_to(deploy: Deploy, board: Board, newer: Path) -> None:
    assert deploy(newer) == 0
    board.install_vigil(max_drift=-1)
    assert deploy("eyes", "--rollback") == 65
    assert hashes(board.models / "eyes") == hashes(newer)


@pytest.mark.parametrize("after_bytes", [1_000, 60_000, 120_000], ids=["before login", "in mid-copy", "later"])
def test_a_connection_cut_keeps_the_old_one(
    deploy: Deploy, board: Board, newer: Path, after_bytes: int, capsys: pytest.CaptureFixture[str]
) -> None:
    old = hashes(board.models / "eyes")
    with fraying_line(board.port, after_bytes) as port:
        status = deploy(newer, "--port", str(port))
    assert status == (69 if after_bytes == 1_000 else 75)
    assert hashes(board.models / "eyes") == old
    message = capsys.readouterr().err
    assert ("can't be reached" if after_bytes == 1_000 else "what was in force stays so; try again") in message
    assert deploy(newer) == 0
    assert left_over(board) == ["eyes/previous"]


@contextlib.contextmanager
def small_disk(folder: Path) -> Iterator[None]:
    """A disk of 1 MB at ``folder``; skips where this user may not mount one."""
    mount = ["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(folder)]
    if os.geteuid() != 0 or subprocess.run(mount, capture_output=True).returncode != 0:
        pytest.skip("only root may mount a small disk, and only where mounting is allowed")
    try:
        yield
    finally:
        subprocess.run(["umount", str(folder)], check=True)


def test_a_full_disk_keeps_the_old_one(
    deploy: Deploy, board: Board, newer: Path, models_dir: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with small_disk(board.models):
        shutil.copytree(models_dir / "eyes", board.models / "eyes")
        old = hashes(board.models / "eyes")
        assert deploy(newer) == 73
        assert re.search(r"MB free, the bundle needs 1\.\d MB; make room", capsys.readouterr().err)
        assert hashes(board.models / "eyes") == old


def test_a_dry_run_changes_nothing(deploy: Deploy, board: Board, newer: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO")
    assert deploy(newer, "--dry-run") == 0
    assert sorted(path.name for path in board.models.iterdir()) == ["eyes"]
    assert "would put eyes 9.9.9 in force, in place of" in caplog.text


def test_the_same_bundle_again_keeps_the_way_back(deploy: Deploy, board: Board, newer: Path) -> None:
    old = hashes(board.models / "eyes")
    assert deploy(newer) == 0
    assert deploy(newer) == 0
    assert deploy("eyes", "--rollback") == 0
    assert hashes(board.models / "eyes") == old


def test_a_way_back_that_is_not_there(deploy: Deploy, capsys: pytest.CaptureFixture[str]) -> None:
    assert deploy("eyes", "--rollback") == 69
    assert "no bundle from before is kept" in capsys.readouterr().err


def test_a_board_without_vigil(deploy: Deploy, board: Board, newer: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert deploy(newer, "--vigil", "/nowhere/vigil") == 69
    assert "board: /nowhere/vigil: no such command; install Vigil there, or name its command with --vigil" in (
        capsys.readouterr().err
    )


def test_a_folder_that_is_not_there(deploy: Deploy, newer: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["deploy", str(newer), "board", "--models", "/nowhere; touch pwned"]) == 73
    assert "board: /nowhere; touch pwned: no such folder; make it first" in capsys.readouterr().err


def test_the_default_is_the_folder_that_the_daemon_reads(deploy: Deploy, board: Board, newer: Path) -> None:
    board.install_vigil()
    unit = f'case "$1" in show) echo VIGIL_LOG=x "VIGIL_MODELS={board.models}";; *) exit 1;; esac'
    board.install("systemctl", f"#!/bin/sh\n{unit}\n")
    assert main(["deploy", str(newer), "board"]) == 0
    assert hashes(board.models / "eyes") == hashes(newer)


def test_an_unknown_host_key(deploy: Deploy, newer: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert deploy(newer, "-o", f"UserKnownHostsFile={tmp_path / 'none'}") == 77
    assert "board: its host key isn't known here; connect once with `ssh board`" in capsys.readouterr().err


def test_a_changed_host_key(
    deploy: Deploy, board: Board, newer: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    kind, key, *_ = (board.folder / "user.pub").read_text().split()
    (tmp_path / "known").write_text(f"board {kind} {key}\n")
    assert deploy(newer, "-o", f"UserKnownHostsFile={tmp_path / 'known'}") == 77
    assert "its host key isn't the one known here" in capsys.readouterr().err


def test_a_login_that_is_refused(deploy: Deploy, newer: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert deploy(newer, "-o", "PubkeyAuthentication=no") == 77
    assert "lets nobody in with your keys" in capsys.readouterr().err


def test_an_unreachable_host(deploy: Deploy, newer: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert deploy(newer, host="board:1") == 69
    assert "board: can't be reached (" in capsys.readouterr().err


def test_an_unknown_host(deploy: Deploy, newer: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert deploy(newer, "-o", "HostName=no.such.host.invalid") == 68
    assert "no.such.host.invalid" in capsys.readouterr().err


def test_a_service_that_does_not_run_with_it_gets_the_old_one_back(
    deploy: Deploy, board: Board, newer: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """It runs with any bundle but 9.9.9."""
    old = hashes(board.models / "eyes")
    manifest, started = board.models / "eyes" / "manifest.json", board.folder / "started"
    started.unlink(missing_ok=True)
    board.install("sudo", '#!/bin/sh\nshift; [ "$1" = -l ] && exit 0; exec "$@"\n')
    board.install(
        "systemctl",
        "#!/bin/sh\ncase $1 in\n"
        f"restart) grep -o '9\\.9\\.9' {manifest} >>{started} && exit 1; echo old >>{started};;\n"
        "show) echo notify;;\nis-active) echo active;;\nesac\n",
    )
    assert deploy(newer, "--restart") == 71
    assert hashes(board.models / "eyes") == old
    assert started.read_text().splitlines() == ["9.9.9", "old"]
    assert left_over(board) == []
    assert "what was in force before is in force again" in capsys.readouterr().err


def test_a_restart_without_a_service_is_refused_before_anything_is_done(
    deploy: Deploy, board: Board, newer: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    old = hashes(board.models / "eyes")
    board.install("systemctl", "#!/bin/sh\nexit 1\n")
    assert deploy(newer, "--restart") == 69
    assert hashes(board.models / "eyes") == old
    assert "there is no vigil.service; deploy without --restart" in capsys.readouterr().err


def test_sudo_that_asks_for_a_password(
    deploy: Deploy, board: Board, newer: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    board.install("sudo", "#!/bin/sh\necho 'sudo: a password is required' >&2\nexit 1\n")
    assert deploy(newer, "--sudo") == 77
    assert "--sudo needs leave to use sudo without a password" in capsys.readouterr().err


def test_a_damaged_bundle_never_travels(
    deploy: Deploy, board: Board, newer: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (newer / "eyes.tflite").write_bytes(b"no network")
    assert deploy(newer, host="no.such.host.invalid") == 65
    assert "eyes.tflite: damaged or changed" in capsys.readouterr().err
