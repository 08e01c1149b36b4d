"""What runs on the board, without a network: nothing but whole bundles, wherever it is stopped."""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from convert.deploy import board
from convert.deploy.board import COMMIT, MARK

OLD = {"manifest.json": b'{"version": "1.0.0"}', "eyes.tflite": b"old network"}
NEW = {"manifest.json": b'{"version": "2.0.0"}', "eyes.tflite": b"new network" * 10_000}

VIGIL = """\
#!/bin/sh
grep -q forbidden "$4"/*/manifest.json && { echo "FAILED  forbidden"; exit 65; }
echo "pass    eyes"
"""

Told = list[dict[str, Any]]
Run = Callable[..., Told]


@pytest.fixture
def models(tmp_path: Path) -> Path:
    """A folder of bundles with the old one in force."""
    folder = tmp_path / "models"
    write(folder / "eyes", OLD)
    return folder


@pytest.fixture
def run(models: Path, tmp_path: Path) -> Run:
    """``run(files, **request)``: what the program says when it is sent ``files`` and the order to go on."""
    vigil = tmp_path / "vigil"
    vigil.write_text(VIGIL)
    vigil.chmod(0o755)

    def run(
        files: dict[str, bytes], *, sent: bytes | None = None, order: bytes = COMMIT, first: str = "", **request: Any
    ) -> Told:
        wish = {
            "task": "eyes",
            "vigil": str(vigil),
            "models": str(models),
            "restart": False,
            "rollback": False,
            "dry_run": False,
            "files": [note(name, content) for name, content in files.items()],
            **request,
        }
        content = b"".join(files.values()) if sent is None else sent
        done = subprocess.run(
            [sys.executable, "-c", f"exec({first!r}); exec({Path(board.__file__).read_text()!r})"],
            input=json.dumps(wish).encode() + b"\n" + content + order,
            capture_output=True,
            timeout=60,
        )
        assert done.stderr == b""
        return [json.loads(line.removeprefix(MARK)) for line in done.stdout.decode().splitlines() if line]

    return run


def note(name: str, content: bytes) -> dict[str, Any]:
    return {"name": name, "size": len(content), "sha256": hashlib.sha256(content).hexdigest()}


def write(folder: Path, files: dict[str, bytes]) -> None:
    folder.mkdir(parents=True)
    for name, content in files.items():
        (folder / name).write_bytes(content)


def read(folder: Path) -> dict[str, bytes]:
    return {file.name: file.read_bytes() for file in folder.iterdir()}


def refusal(told: Told) -> tuple[str, str]:
    assert told[-1]["step"] == "failed", told
    return told[-1]["kind"], told[-1]["text"]


def test_the_steps_of_a_deployment(run: Run, models: Path) -> None:
    told = run(NEW)
    assert [line["step"] for line in told] == ["checked", "copied", "verified", "installed"]
    assert (told[0]["in_force"], told[-1]["changed"]) == ("1.0.0", True)
    assert read(models / "eyes") == NEW
    assert read(models / ".deploy" / "eyes" / "previous" / "eyes") == OLD


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("../eyes.tflite", b"x"),
        ("/tmp/eyes.tflite", b"x"),
        ("..", b"x"),
        (".hidden", b"x"),
        ("a/b", b"x"),
        ("", b"x"),
        ("a\nb", b"x"),
    ],
)
def test_a_file_that_wants_out_is_refused(run: Run, models: Path, name: str, content: bytes) -> None:
    kind, text = refusal(run({**NEW, name: content}))
    assert kind == "damaged"
    assert "a file of a bundle is a plain name in its folder" in text
    assert read(models / "eyes") == OLD
    assert not (models / ".deploy" / "eyes" / "incoming").exists()


def test_bytes_that_changed_on_the_way_are_refused(run: Run, models: Path) -> None:
    sent = b"".join(NEW.values()).replace(b"new", b"now", 1)
    kind, text = refusal(run(NEW, sent=sent))
    assert (kind, text[:11]) == ("damaged", "eyes.tflite")
    assert read(models / "eyes") == OLD


@pytest.mark.parametrize("order", [b"", b"com", b"stop\n"])
def test_without_the_order_nothing_changes(run: Run, models: Path, order: bytes) -> None:
    assert refusal(run(NEW, order=order))[0] == "cut"
    assert read(models / "eyes") == OLD


def test_a_disk_that_fills_up_in_mid_copy(run: Run, models: Path) -> None:
    limit = "import resource; resource.setrlimit(resource.RLIMIT_FSIZE, (50_000, 50_000))"
    assert refusal(run(NEW, first=limit))[0] == "full"
    assert read(models / "eyes") == OLD


STOPPED = """\
import os, sys
events = 0
changes = ("os.mkdir", "os.rename", "os.remove", "os.rmdir", "os.chmod", "ctypes.dlsym")
def count(event, arguments):
    global events
    if event in changes or (event == "open" and arguments[1] == "xb"):
        events += 1
        if events == {last}:
            os._exit(0)
sys.addaudithook(count)
"""


def test_wherever_it_is_killed_one_whole_bundle_is_in_force(run: Run, models: Path) -> None:
    """It dies before each change of the disk in turn, as in a power cut; after that a deployment goes well."""
    found = []
    for last in range(1, 200):
        told = run(NEW, first=STOPPED.format(last=last))
        found.append(read(models / "eyes"))
        assert found[-1] in (OLD, NEW), last
        if told and told[-1]["step"] == "installed":
            break
        assert run(OLD)[-1]["step"] == "installed"
        assert read(models / "eyes") == OLD
        assert [path.name for path in (models / ".deploy" / "eyes").iterdir()] in (["previous"], [])
    assert told[-1]["step"] == "installed"
    assert OLD in found
    assert found.count(NEW) > 1, "it was killed after the exchange, too"


def test_two_at_once(run: Run, models: Path) -> None:
    import fcntl

    (models / ".deploy").mkdir()
    with (models / ".deploy" / "lock").open("ab") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        assert refusal(run(NEW))[0] == "busy"
    assert run(NEW)[-1]["step"] == "installed"


def test_what_was_replaced_when_the_power_failed_is_the_way_back(run: Run, models: Path) -> None:
    write(models / ".deploy" / "eyes" / "replaced" / "eyes", NEW)
    write(models / ".deploy" / "eyes" / "previous" / "eyes", {"manifest.json": b"older"})
    assert run({}, rollback=True)[-1]["step"] == "installed"
    assert read(models / "eyes") == NEW


def test_a_way_back_that_is_refused_is_not_gone(run: Run, models: Path) -> None:
    write(models / ".deploy" / "eyes" / "previous" / "eyes", {"manifest.json": b'{"version": "forbidden"}'})
    assert refusal(run({}, rollback=True)) == (
        "unfit",
        "this board's `vigil models verify` refuses the bundle: FAILED  forbidden",
    )
    assert read(models / "eyes") == OLD


def no_bundle(models: Path) -> None:
    (models / "eyes").rename(models / "photos")
    (models / "photos" / "manifest.json").unlink()


def a_bundle_itself(models: Path) -> None:
    (models / "manifest.json").write_bytes(b"{}")


def a_link(models: Path) -> None:
    (models / "eyes").rename(models / "elsewhere")
    (models / "eyes").symlink_to("elsewhere")


def something_else(models: Path) -> None:
    (models / "eyes" / "manifest.json").unlink()


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (no_bundle, "no bundle in this folder"),
        (a_bundle_itself, "is a bundle itself"),
        (a_link, "is a link to elsewhere"),
        (something_else, "holds something else than a bundle"),
    ],
)
def test_a_wrong_folder(run: Run, models: Path, make: Callable[[Path], None], message: str) -> None:
    make(models)
    kind, text = refusal(run(NEW))
    assert kind == "folder"
    assert message in text
    assert not (models / ".deploy").exists()


def test_a_damaged_bundle_is_replaced(run: Run, models: Path) -> None:
    (models / "eyes" / "manifest.json").write_bytes(b"{")
    assert run(NEW)[0]["in_force"] == "unknown"
    assert read(models / "eyes") == NEW


def test_an_empty_folder_takes_its_first_bundle(run: Run, models: Path) -> None:
    for file in (models / "eyes").iterdir():
        file.unlink()
    assert run(NEW)[-1]["step"] == "installed"
    assert read(models / "eyes") == NEW


def test_a_vigil_that_does_not_work(run: Run, tmp_path: Path) -> None:
    broken = tmp_path / "broken"
    broken.write_text("#!/bin/sh\necho 'no numpy' >&2; exit 1\n")
    broken.chmod(0o755)
    kind, text = refusal(run(NEW, vigil=str(broken)))
    assert kind == "no-vigil"
    assert text.endswith("ended with status 1 and said: no numpy")
