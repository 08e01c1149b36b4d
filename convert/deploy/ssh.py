"""A program on the board, reached by the system's OpenSSH client.

OpenSSH and no library: a person's ``~/.ssh/config``, agent, hardware keys, jump hosts and known hosts then work here as
they do in a terminal, and no password or key ever passes through this program.
"""

from __future__ import annotations

import contextlib
import shlex
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import IO

from pydantic import ValidationError

from convert.deploy.address import Address
from convert.deploy.board import COMMIT, MARK
from convert.deploy.errors import (
    DeniedError,
    DeployError,
    NoHostError,
    ProtocolError,
    TryAgainError,
    UnavailableError,
)
from convert.deploy.protocol import REFUSALS, Reply, plain

NO_QUESTIONS = ("-T", "-o", "BatchMode=yes", "-o", "RemoteCommand=none", "-o", "ClearAllForwardings=yes")
DEFAULTS = ("-o", "ConnectTimeout=20", "-o", "ServerAliveInterval=15", "-o", "ServerAliveCountMax=3")
"""After the person's own options: of two values ``ssh`` takes the first."""

SSH_FAILED = 255
NO_SUCH_COMMAND = 127
MAX_LINE_BYTES = 1 << 20
END_SECONDS = 10
"""How long ``ssh`` may take to end after the last word."""

_LOST = "what was in force stays so; try again"
_LOST_AFTER_ORDER = "the new bundle had passed: either it or the one before is in force, whole; run this again"

_BOOTSTRAP = "import sys; exec(compile(sys.stdin.buffer.read(int(sys.argv[1])), sys.argv[2], sys.argv[3]))"


@dataclass(frozen=True)
class Route:
    """How to reach a board; ``options`` are those of ssh_config, ``sudo`` makes the program there run as root."""

    address: Address
    identity: Path | None = None
    options: tuple[str, ...] = ()
    sudo: bool = False

    def command(self, remote: Sequence[str]) -> list[str]:
        """The command line that runs ``remote`` there: quoted, as ``ssh`` hands a shell one string."""
        own = [word for option in self.options for word in ("-o", option)]
        if self.address.port is not None:
            own += ["-p", str(self.address.port)]
        if self.identity is not None:
            own += ["-i", str(self.identity)]
        prefix = ("sudo", "-n") if self.sudo else ()
        return [
            "ssh",
            *NO_QUESTIONS,
            *own,
            *DEFAULTS,
            "--",
            self.address.destination,
            shlex.join([*prefix, *remote]),
        ]


@contextlib.contextmanager
def connect(route: Route) -> Iterator[Session]:
    """Run :mod:`convert.deploy.board` on a board; it ends with the context.

    Raises:
        UnavailableError: there is no ``ssh`` on this machine.
    """
    program = files("convert.deploy").joinpath("board.py").read_bytes()
    command = route.command(["python3", "-c", _BOOTSTRAP, str(len(program)), "vigil-deploy", "exec"])
    # A file: a shared connection (ControlMaster) keeps a pipe for errors open for longer than this session.
    with tempfile.TemporaryFile() as errors:
        try:
            ssh = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=errors, bufsize=0)
        except FileNotFoundError as error:
            raise UnavailableError(
                "no `ssh` command on this machine; install OpenSSH's client (sudo apt install openssh-client)"
            ) from error
        session = Session(route, ssh, errors)
        try:
            session.send(program)
            yield session
        finally:
            session.close()


class Session:
    """The talk with the program on the board; ``ssh`` carries it and complains in ``errors``."""

    def __init__(self, route: Route, ssh: subprocess.Popen[bytes], errors: IO[bytes]) -> None:
        assert ssh.stdin is not None
        assert ssh.stdout is not None
        self._to_board, self._from_board = ssh.stdin, ssh.stdout
        self._route, self._ssh, self._errors = route, ssh, errors
        self._host = route.address.destination
        self._answered = self._ordered = False

    def close(self) -> None:
        """Hang up: without the order, the board undoes what it began."""
        with contextlib.suppress(OSError):
            self._to_board.close()
        self._end()
        self._from_board.close()

    def send(self, content: bytes) -> None:
        """Send; a board that no longer listens has said why, and :meth:`receive` will tell."""
        left = memoryview(content)
        with contextlib.suppress(BrokenPipeError):
            while left:
                left = left[self._to_board.write(left) :]

    def order(self) -> None:
        """Order the board to put in force what it has verified: until then nothing changes there."""
        self._ordered = True
        self.send(COMMIT)

    def receive(self, step: str) -> Reply:
        """The board's next reply, which must be ``step``.

        Raises:
            DeployError: the board refuses, or can't be reached, or answers something else.
        """
        reply = self._next_reply()
        if reply.step == "failed" and reply.kind in REFUSALS:
            raise REFUSALS[reply.kind](f"{self._host}: {plain(reply.text)}")
        if reply.step != step:
            raise ProtocolError(f"{self._host}: expected the answer {step!r}, received {plain(reply.step)!r}")
        return reply

    def _next_reply(self) -> Reply:
        mark = MARK.encode()
        while line := self._from_board.readline(MAX_LINE_BYTES):
            if line.startswith(mark):
                self._answered = True
                return self._parse(line[len(mark) :])
        raise self._lost()

    def _parse(self, line: bytes) -> Reply:
        try:
            return Reply.model_validate_json(line)
        except ValidationError as error:
            raise ProtocolError(f"{self._host}: unreadable answer: {error.errors()[0]['msg']}") from error

    def _lost(self) -> DeployError:
        """Why there are no more answers."""
        status = self._end()
        self._errors.seek(0)
        complaint = plain(self._errors.read().decode("utf-8", "replace")).strip()
        if self._answered and (status == SSH_FAILED or status < 0):
            outcome = _LOST_AFTER_ORDER if self._ordered else _LOST
            return TryAgainError(f"{self._host}: the connection was lost ({_last_line(complaint)}); {outcome}")
        if status == SSH_FAILED:
            return unconnected(self._host, complaint)
        if self._route.sudo and "sudo:" in complaint:
            return DeniedError(f"{self._host}: --sudo needs leave to use sudo without a password: {complaint}")
        if status == NO_SUCH_COMMAND:
            return UnavailableError(f"{self._host}: no python3 there, which Vigil needs: {_last_line(complaint)}")
        return ProtocolError(f"{self._host}: no answer, but status {status}: {_last_line(complaint)}")

    def _end(self) -> int:
        """Wait for ``ssh`` to end, and make it if it doesn't; its exit status."""
        try:
            return self._ssh.wait(END_SECONDS)
        except subprocess.TimeoutExpired:
            self._ssh.kill()
            return self._ssh.wait()


def unconnected(host: str, complaint: str) -> DeployError:
    """What ``ssh`` complained of, and what to do."""
    last = _last_line(complaint)
    if "REMOTE HOST IDENTIFICATION HAS CHANGED" in complaint:
        return DeniedError(
            f"{host}: its host key isn't the one known here: another machine answers, or the board was set up anew; "
            f"if it was, forget the old key with `ssh-keygen -R {host}`"
        )
    if "Host key verification failed" in complaint:
        return DeniedError(
            f"{host}: its host key isn't known here; connect once with `ssh {host}` and compare the fingerprint"
        )
    if "Permission denied" in complaint or "Too many authentication failures" in complaint:
        return DeniedError(
            f"{host}: it lets nobody in with your keys ({last}); try `ssh-copy-id {host}`, or --identity"
        )
    if "Could not resolve hostname" in complaint:
        return NoHostError(f"{last}; is the name right, and the board on the network?")
    return UnavailableError(f"{host}: can't be reached ({last}); is it on, and its SSH server?")


def _last_line(text: str) -> str:
    return text.splitlines()[-1].strip() if text else "nothing was said"
