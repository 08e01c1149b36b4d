"""What runs on the board: takes a bundle from standard input, has it verified, and puts it in force.

This file travels over SSH as source and is run by the board's ``python3``, so it stands alone: Python 3.8, nothing but
the standard library.  In the folder of bundles, for the bundle ``eyes``::

    eyes                         in force
    .deploy/eyes/incoming/eyes   being copied and verified
    .deploy/eyes/replaced/eyes   was in force a moment ago
    .deploy/eyes/previous/eyes   was in force before, for --rollback
    .deploy/lock                 one deployment at a time

One ``renameat2(RENAME_EXCHANGE)`` puts the new bundle in force and the old one out of it: at every moment, also when
the power fails, there is one whole and verified bundle.  A power cut right after it may cost what is kept for
--rollback, never what is in force.

Standard input: a line of JSON (the request), the files' bytes one after the other, a line ``commit``.  Without that
line nothing changes.  Standard output: lines of JSON after :data:`MARK`; shells that greet print others.
"""

from __future__ import annotations

import contextlib
import ctypes
import errno
import fcntl
import hashlib
import json
import os
import re
import shlex
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, BinaryIO

MARK = "vigil-deploy "
UNIT = "vigil.service"
MANIFEST = "manifest.json"
USUAL_VIGIL = "/opt/vigil/bin/vigil"
COMMIT = b"commit\n"

VERIFY_TIMEOUT_SECONDS = 300
RESTART_TIMEOUT_SECONDS = 190
SETTLE_SECONDS = 10
"""How long a service must run that doesn't notify: it counts as started before it has read a bundle."""

SPARE_BYTES = 1 << 20
"""Room that must remain on the board: folders, the journal."""

_CHUNK_BYTES = 1 << 16
_FILE_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")
_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
_DENIED = (errno.EACCES, errno.EPERM, errno.EROFS)

_AT_FDCWD = -100
_RENAME_EXCHANGE = 2
"""From ``linux/fcntl.h`` and ``linux/fs.h``."""


class BoardError(Exception):
    """Why it stops; ``kind`` is for the program on the other side, the text for a person."""

    def __init__(self, kind: str, text: str) -> None:
        super().__init__(text)
        self.kind = kind


@dataclass(frozen=True)
class Places:
    """The folders of one bundle."""

    models: Path
    task: str

    @property
    def current(self) -> Path:
        return self.models / self.task

    @property
    def kept(self) -> Path:
        return self.models / ".deploy" / self.task

    @property
    def incoming(self) -> Path:
        return self.kept / "incoming"

    @property
    def replaced(self) -> Path:
        return self.kept / "replaced"

    @property
    def previous(self) -> Path:
        return self.kept / "previous"


def main() -> None:
    """Serve one request; whatever stops it is said in one line."""
    print()  # ends the line of a shell that greets
    try:
        serve(json.loads(sys.stdin.buffer.readline()))
    except BoardError as error:
        say("failed", kind=error.kind, text=str(error))
    except OSError as error:
        kind = "full" if error.errno in _FULL else "denied" if error.errno in _DENIED else "system"
        say("failed", kind=kind, text=f"{error.filename or 'standard input'}: {error.strerror}")


def say(step: str, **facts: Any) -> None:
    """Tell the other side; if it is gone, what was begun ends as if it were there."""
    with contextlib.suppress(BrokenPipeError):
        print(MARK + json.dumps({"step": step, **facts}), flush=True)


def serve(request: dict[str, Any]) -> None:
    """Check, and then deploy or roll back."""
    vigil = find_vigil(request["vigil"])
    places = Places(find_models(vigil, request["models"]), request["task"])
    check_places(places)
    if request["restart"]:
        check_service()
    if request["rollback"]:
        check_kept(places)
    else:
        check_space(places, sum(file["size"] for file in request["files"]))
    say("checked", models=str(places.models), in_force=version(places.current))
    if request["dry_run"]:
        return
    with locked(places):
        finish_interrupted(places)
        if request["rollback"]:
            roll_back(places, vigil, restart=request["restart"])
        else:
            deploy(places, vigil, request["files"], restart=request["restart"])


def find_vigil(command: str) -> str:
    """The path of the ``vigil`` command."""
    found = shutil.which(os.path.expanduser(command)) or (command == "vigil" and shutil.which(USUAL_VIGIL))
    if not found:
        places = f"neither on the path nor {USUAL_VIGIL}" if command == "vigil" else "no such command"
        raise BoardError("no-vigil", f"{command}: {places}; install Vigil there, or name its command with --vigil PATH")
    return found


def find_models(vigil: str, named: str | None) -> Path:
    """The folder of bundles: the one ``named``, else the one that the daemon reads."""
    folder = Path(named).expanduser() if named else default_models(vigil)
    if not folder.is_dir():
        raise BoardError("folder", f"{folder}: no such folder; make it first, or give the right one with --models")
    return folder.resolve()


def default_models(vigil: str) -> Path:
    """What the installed ``vigil`` says, by its own interpreter, with the service's ``$VIGIL_MODELS`` if it has one."""
    with open(vigil, "rb") as file:
        first_line = os.fsdecode(file.readline(4096))
    if first_line.startswith("#!") and "python" in first_line:
        question = "from edge.inference import default_models_dir as models; print(models().resolve())"
        environment = {**os.environ, **service_environment("VIGIL_MODELS")}
        status, answer = run([*first_line[2:].split(), "-c", question], environment=environment)
        if status == 0 and answer:
            return Path(answer.splitlines()[-1])
    raise BoardError("folder", f"{vigil} doesn't tell which folder of bundles it reads; give it with --models DIR")


def service_environment(name: str) -> dict[str, str]:
    """The variable ``name`` as the service's unit sets it; nothing where there is no service."""
    if not shutil.which("systemctl"):
        return {}
    status, answer = run(["systemctl", "show", "--property=Environment", "--value", UNIT])
    pairs = [word.split("=", 1) for word in shlex.split(answer) if "=" in word] if status == 0 else []
    return {key: value for key, value in pairs if key == name}


def check_places(places: Places) -> None:
    """Refuse a folder that isn't one of bundles, or that can't be changed."""
    models, current = places.models, places.current
    if (models / MANIFEST).exists():
        raise BoardError("folder", f"{models}: is a bundle itself; give the folder of bundles that it is in")
    entries = [entry.name for entry in models.iterdir() if not entry.name.startswith(".")]
    if entries and places.task not in entries and not any(models.glob("*/" + MANIFEST)):
        raise BoardError("folder", f"{models}: no bundle in this folder; give the right one with --models")
    if current.is_symlink():
        raise BoardError("folder", f"{current}: is a link to {os.readlink(current)}; put a real folder in its place")
    if current.exists() and version(current) is None and not (current.is_dir() and not any(current.iterdir())):
        raise BoardError("folder", f"{current}: holds something else than a bundle; move it away first")
    if not os.access(models, os.W_OK | os.X_OK):
        raise BoardError("denied", f"{models}: may not be written; log in as a user who may, or use --sudo")


def version(folder: Path) -> str | None:
    """Of the bundle in ``folder``, ``unknown`` if it is damaged; ``None`` if there is no bundle."""
    try:
        return str(json.loads((folder / MANIFEST).read_bytes())["version"])
    except (FileNotFoundError, NotADirectoryError):
        return None
    except (OSError, ValueError, KeyError, TypeError):
        return "unknown"


def check_kept(places: Places) -> None:
    """Refuse to roll back to nothing."""
    if version(places.previous / places.task) is None and version(places.replaced / places.task) is None:
        raise BoardError("no-previous", f"{places.current}: no bundle from before is kept, so there is no way back")


def check_space(places: Places, size_bytes: int) -> None:
    """Refuse what doesn't fit beside what is there."""
    disk = os.statvfs(places.models)
    free = disk.f_bavail * disk.f_frsize
    if free < size_bytes + SPARE_BYTES:
        raise BoardError(
            "full",
            f"{places.models}: {free / 1e6:.1f} MB free, the bundle needs {(size_bytes + SPARE_BYTES) / 1e6:.1f} MB; "
            "make room",
        )


def check_service() -> None:
    """Refuse a restart that can't be."""
    if not shutil.which("systemctl") or run(["systemctl", "cat", UNIT])[0] != 0:
        raise BoardError("no-service", f"there is no {UNIT}; deploy without --restart and restart vigil by hand")
    if os.geteuid() != 0 and run(["sudo", "-n", "-l", "systemctl", "restart", UNIT])[0] != 0:
        raise BoardError(
            "denied", f"may not run `sudo -n systemctl restart {UNIT}`; allow it, or deploy without --restart"
        )


@contextlib.contextmanager
def locked(places: Places) -> Iterator[None]:
    """Make this deployment the only one on this folder of bundles."""
    make_folder(places.kept)
    with open(places.kept.parent / "lock", "ab") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise BoardError("busy", f"{places.models}: another deployment is under way; try again later") from error
        yield


def finish_interrupted(places: Places) -> None:
    """Tidy up after a deployment that lost its power or its connection."""
    keep_replaced(places)
    discard(places.incoming)


def deploy(places: Places, vigil: str, files: list[dict[str, Any]], *, restart: bool) -> None:
    """Take in a bundle, verify it, and put it in force when told to."""
    fresh = places.incoming / places.task
    try:
        make_folder(fresh)
        receive(sys.stdin.buffer, files, fresh)
        say("copied")
        say("verified", text=verify(vigil, places.incoming))
        await_order()
        changed = not same(fresh, places.current)
        if changed:
            put_in_force(places)
        if restart:
            restart_service(undo=partial(take_back, places) if changed else nothing)
        keep_replaced(places)
    finally:
        discard(places.incoming)
    say("installed", changed=changed)


def roll_back(places: Places, vigil: str, *, restart: bool) -> None:
    """Exchange what is in force with what was before, when told to; twice, and all is as it was."""
    check_kept(places)
    kept = places.previous / places.task
    say("verified", text=verify(vigil, places.previous))
    await_order()
    swap(kept, places.current)
    if restart:
        restart_service(undo=partial(swap, kept, places.current))
    say("installed", changed=True)


def receive(stream: BinaryIO, files: list[dict[str, Any]], folder: Path) -> None:
    """Write ``files`` (``name``, ``size``, ``sha256``) from ``stream`` into ``folder``, and on to the medium.

    A name is a plain one, a file is a new one: nothing is ever written outside ``folder`` or through a link.
    """
    for file in files:
        if not _FILE_NAME.fullmatch(file["name"]):
            raise BoardError("damaged", f"a file of a bundle is a plain name in its folder, received {file['name']!r}")
        path = folder / file["name"]
        digest = hashlib.sha256()
        with open(path, "xb") as target:
            for chunk in chunks(stream, file["size"]):
                digest.update(chunk)
                target.write(chunk)
            os.fchmod(target.fileno(), 0o644)
            sync(target)
        if digest.hexdigest() != file["sha256"]:
            raise BoardError("damaged", f"{file['name']}: arrived with another SHA-256 than it left with; try again")
    sync_folder(folder)


def chunks(stream: BinaryIO, size: int) -> Iterator[bytes]:
    """The next ``size`` bytes of ``stream``."""
    while size:
        chunk = stream.read(min(size, _CHUNK_BYTES))
        if not chunk:
            raise BoardError("cut", "the connection ended in mid-copy")
        size -= len(chunk)
        yield chunk


def sync(file: BinaryIO) -> None:
    """Write through to the medium, and forget the cached pages: what is verified is then read from the medium."""
    file.flush()
    os.fsync(file.fileno())
    os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)


def sync_folder(folder: Path) -> None:
    """Make names in ``folder`` survive a power cut."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def verify(vigil: str, folder: Path) -> str:
    """What ``vigil models verify`` says of the one bundle in ``folder``, which must pass."""
    status, answer = run([vigil, "models", "verify", "--models", str(folder)], timeout_seconds=VERIFY_TIMEOUT_SECONDS)
    if status == 65:
        raise BoardError("unfit", f"this board's `vigil models verify` refuses the bundle: {answer}")
    if status != 0:
        last = answer.splitlines()[-1:] or ["nothing"]
        raise BoardError("no-vigil", f"`{vigil} models verify` ended with status {status} and said: {last[0]}")
    return answer


def await_order() -> None:
    """Wait for the word to go on; the other side may be gone, and then nothing changes."""
    if sys.stdin.buffer.readline() != COMMIT:
        raise BoardError("cut", "the connection ended before the order to put the bundle in force")


def same(one: Path, other: Path) -> bool:
    """Whether two folders hold the same files with the same bytes."""
    return contents(one) == contents(other)


def contents(folder: Path) -> dict[str, bytes] | None:
    """The files in ``folder``, each with its bytes; ``None`` if it isn't a folder of readable files."""
    try:
        return {file.name: file.read_bytes() for file in folder.iterdir()}
    except OSError:
        return None


def put_in_force(places: Places) -> None:
    """Exchange the incoming bundle with the one in force, which becomes the replaced one."""
    had_one = places.current.exists()
    swap(places.incoming / places.task, places.current)
    if had_one:
        os.rename(places.incoming, places.replaced)
        sync_folder(places.kept)


def take_back(places: Places) -> None:
    """Undo :func:`put_in_force`."""
    replaced = places.replaced.exists()
    swap((places.replaced if replaced else places.incoming) / places.task, places.current)
    discard(places.replaced)


def nothing() -> None:
    """Undo no change."""


def keep_replaced(places: Places) -> None:
    """Keep the replaced bundle, if there is one, instead of the previous one."""
    if places.replaced.exists():
        discard(places.previous)
        os.rename(places.replaced, places.previous)
        sync_folder(places.kept)


def swap(one: Path, other: Path) -> None:
    """Exchange two folders in one step; if only one of them is there, it takes the other's name."""
    if not other.exists():
        os.rename(one, other)
    elif not one.exists():
        os.rename(other, one)
    else:
        exchange(one, other)
    sync_folder(one.parent)
    sync_folder(other.parent)


def exchange(one: Path, other: Path) -> None:
    """``renameat2`` with ``RENAME_EXCHANGE``: see rename(2)."""
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.renameat2(_AT_FDCWD, os.fsencode(one), _AT_FDCWD, os.fsencode(other), _RENAME_EXCHANGE) == 0:
        return
    number = ctypes.get_errno()
    if number in (errno.EINVAL, errno.ENOSYS, errno.EXDEV):
        raise BoardError(
            "system", f"{other}: this file system can't exchange two folders in one step; use ext4 or btrfs"
        )
    raise OSError(number, os.strerror(number), str(other))


def restart_service(undo: Callable[[], None]) -> None:
    """Restart the service; if it doesn't run then, ``undo`` and restart it again."""
    problem = start_service()
    if problem is None:
        return
    undo()
    again = start_service()
    but = "" if again is None else f"; but {UNIT} doesn't run with that either ({again})"
    raise BoardError("restart", f"{UNIT} doesn't run ({problem}); what was in force before is in force again{but}")


def start_service() -> str | None:
    """Restart the service; what is wrong if it doesn't run."""
    sudo = [] if os.geteuid() == 0 else ["sudo", "-n"]
    status, answer = run([*sudo, "systemctl", "restart", UNIT], timeout_seconds=RESTART_TIMEOUT_SECONDS)
    if status != 0:
        return answer or f"systemctl ended with status {status}"
    if run(["systemctl", "show", "--property=Type", "--value", UNIT])[1] != "notify":
        time.sleep(SETTLE_SECONDS)
    status, answer = run(["systemctl", "is-active", UNIT])
    return None if status == 0 else f"it is {answer}"


def run(
    command: list[str], *, timeout_seconds: float = 60, environment: dict[str, str] | None = None
) -> tuple[int, str]:
    """Exit status of ``command`` and what it said, on standard error only if it said nothing else.

    It never reads what is meant for this program.
    """
    try:
        done = subprocess.run(
            command,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            env=environment,
            timeout=timeout_seconds,
        )
    except subprocess.TimeoutExpired:
        return 124, f"no end after {timeout_seconds:g} s"
    except OSError as error:
        return 127, f"{command[0]}: {error.strerror}"
    return done.returncode, (done.stdout.strip() or done.stderr.strip()).decode("utf-8", "replace")


def make_folder(folder: Path) -> None:
    """Make ``folder`` and those that it is in, for everybody to read."""
    for missing in reversed([path for path in (folder, *folder.parents) if not path.exists()]):
        missing.mkdir()
        missing.chmod(0o755)


def discard(folder: Path) -> None:
    """Delete ``folder`` with all that is in it, if it is there."""
    if folder.exists():
        shutil.rmtree(folder)


if __name__ == "__main__":
    main()
