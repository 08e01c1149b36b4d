"""A board for the tests of `vigil-convert deploy`: a real SSH server on this machine, with keys of its own."""

from __future__ import annotations

import contextlib
import getpass
import os
import shutil
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

SSHD = shutil.which("sshd", path=os.environ.get("PATH", "") + ":/usr/sbin:/usr/local/sbin")
TOOLS = ("ssh", "ssh-keygen")

REAL_VIGIL = """\
#!{python}
import sys
import edge.inference.verify
from edge.cli import main
edge.inference.verify.MAX_DRIFT_STEPS = {max_drift}
edge.inference.verify.MAX_ERROR_RATIO = {max_drift}
sys.exit(main())
"""
"""What pip installs as `vigil`, with another idea of how much drift is too much."""

QUICK_VIGIL = """\
#!/bin/sh
test -f "$4"/*/manifest.json && echo "pass    without a look"
"""


@dataclass(frozen=True)
class Board:
    """A running SSH server: ``config`` makes ``ssh board`` reach it, ``programs`` is first on the path there."""

    folder: Path
    config: Path
    programs: Path
    port: int

    @property
    def models(self) -> Path:
        return self.folder / "models"

    def install_vigil(self, *, max_drift: float = 2.0) -> None:
        """Give the board its own, real `vigil`."""
        self.install("vigil", REAL_VIGIL.format(python=sys.executable, max_drift=max_drift))

    def install_quick_vigil(self) -> None:
        """Give the board a `vigil` with which every bundle passes."""
        self.install("vigil", QUICK_VIGIL)

    def install_python(self) -> None:
        """Give the board this Python, whatever else is on the path."""
        self.install("python3", f'#!/bin/sh\nexec {sys.executable} "$@"\n')

    def install(self, name: str, program: str) -> None:
        """Give the board a program."""
        (self.programs / name).write_text(program)
        (self.programs / name).chmod(0o755)


def missing_tools() -> str | None:
    """Why there can be no board here."""
    missing = [tool for tool in TOOLS if not shutil.which(tool)] + ([] if SSHD else ["sshd"])
    if missing:
        return f"no {', '.join(missing)} on this machine (sudo apt install openssh-client openssh-server)"
    return None


@contextlib.contextmanager
def running_board(folder: Path) -> Iterator[Board]:
    """A board whose server stops at the end."""
    for key in ("host", "user"):
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(folder / key)], check=True)
    board = Board(folder, folder / "ssh_config", folder / "programs", free_port())
    board.programs.mkdir()
    board.models.mkdir()
    write_configs(board)
    if os.geteuid() == 0:
        Path("/run/sshd").mkdir(exist_ok=True)  # where sshd, as root, drops its privileges
    log = folder / "sshd.log"
    assert SSHD is not None
    server = subprocess.Popen([SSHD, "-D", "-e", "-f", str(folder / "sshd_config")], stderr=log.open("wb"))
    try:
        wait_for(board.port, server, log)
        yield board
    finally:
        server.terminate()
        server.wait(10)


def write_configs(board: Board) -> None:
    folder = board.folder
    (folder / "sshd_config").write_text(
        f"ListenAddress 127.0.0.1:{board.port}\nHostKey {folder}/host\nAuthorizedKeysFile {folder}/user.pub\n"
        f"StrictModes no\nUsePAM no\nPasswordAuthentication no\nKbdInteractiveAuthentication no\n"
        f"PermitRootLogin prohibit-password\nPidFile none\nSetEnv PATH={board.programs}:{os.environ['PATH']}\n"
    )
    kind, key, *_ = (folder / "host.pub").read_text().split()
    (folder / "known_hosts").write_text(f"board {kind} {key}\n")
    board.config.write_text(
        f"Host *\n  HostName 127.0.0.1\n  Port {board.port}\n  User {getpass.getuser()}\n  HostKeyAlias board\n"
        f"  UserKnownHostsFile {folder}/known_hosts\n  GlobalKnownHostsFile none\n  StrictHostKeyChecking yes\n"
        f"  IdentityFile {folder}/user\n  IdentitiesOnly yes\n  IdentityAgent none\n"
    )


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait_for(port: int, server: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline and server.poll() is None:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
            return
        time.sleep(0.05)
    raise RuntimeError(f"sshd doesn't listen: {log.read_text()}")


@contextlib.contextmanager
def fraying_line(port: int, after_bytes: int) -> Iterator[int]:
    """A port that leads to ``port``, for one connection, until ``after_bytes`` were sent there; then it is cut."""
    with socket.create_server(("127.0.0.1", 0)) as entry:
        worker = threading.Thread(target=_carry, args=(entry, port, after_bytes), daemon=True)
        worker.start()
        yield entry.getsockname()[1]
    worker.join(10)


def _carry(entry: socket.socket, port: int, after_bytes: int) -> None:
    near, _ = entry.accept()
    with near, socket.create_connection(("127.0.0.1", port)) as far:
        back = threading.Thread(target=_pour, args=(far, near, sys.maxsize), daemon=True)
        back.start()
        _pour(near, far, after_bytes)
        for end in (near, far):
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
        back.join(10)


def _pour(source: socket.socket, target: socket.socket, up_to_bytes: int) -> None:
    with contextlib.suppress(OSError):
        while up_to_bytes > 0 and (chunk := source.recv(min(up_to_bytes, 1 << 14))):
            target.sendall(chunk)
            up_to_bytes -= len(chunk)
