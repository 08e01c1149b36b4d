"""Every command in the README and the guides is run; where that takes hours, it is parsed as it would be run."""

from __future__ import annotations

import os
import re
import shlex
import signal
import subprocess
import sys
from pathlib import Path

import cv2
import pytest

from edge.camera import CameraSettings, open_source
from edge.cli import main as vigil
from edge.values import Image

ROOT = Path(__file__).resolve().parent.parent
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
BLOCKS = re.compile(r"^```sh\n(.*?)^```", re.MULTILINE | re.DOTALL)


def documented_commands() -> list[str]:
    """The command lines of all ``sh`` blocks, continued lines joined."""
    blocks = (block for page in PAGES for block in BLOCKS.findall(page.read_text("utf-8")))
    lines = (line for block in blocks for line in block.replace("\\\n", " ").splitlines())
    commands = (" ".join(shlex.split(line, comments=True)) for line in lines)
    return list(dict.fromkeys(command for command in commands if command))


COMMANDS = documented_commands()


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with what the documented commands name: ``photo.jpg`` and ``clip.mkv``."""
    folder = tmp_path_factory.mktemp("desk")
    frames = some_frames(12)
    cv2.imwrite(str(folder / "photo.jpg"), frames[0])
    height, width = frames[0].shape[:2]
    writer = cv2.VideoWriter(str(folder / "clip.mkv"), cv2.VideoWriter.fourcc(*"MJPG"), 10, (width, height))
    for frame in frames:
        writer.write(frame)
    writer.release()
    return folder


def some_frames(n: int) -> list[Image]:
    source = open_source(CameraSettings(source="demo"))
    frames = [source.read() for _ in range(n)]
    source.close()
    return [frame.image for frame in frames if frame is not None]


@pytest.mark.parametrize("command", [c for c in COMMANDS if c.startswith("vigil ")])
def test_a_command_of_the_device_runs(command: str, desk: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(desk)
    arguments = [argument.replace("/etc/vigil/", "") for argument in shlex.split(command)[1:]]
    if arguments[:2] == ["config", "check"] and not Path(arguments[2]).exists():
        vigil(["config", "init", arguments[2]])
    if arguments[:2] == ["config", "init"] and len(arguments) > 2:
        Path(arguments[2]).unlink(missing_ok=True)
    if arguments[0] == "run" and "--until-end" not in arguments:
        arguments += ["--source", "clip.mkv", "--until-end", "--pins", "mock"]
    assert vigil(arguments) == 0


@pytest.mark.parametrize("command", [c for c in COMMANDS if "vigil-convert" in c])
def test_a_command_of_the_workstation_is_understood(command: str) -> None:
    from convert.cli import build_parser

    words = shlex.split(command)
    parsed = build_parser().parse_args(words[words.index("vigil-convert") + 1 :])
    recipe = getattr(parsed, "recipe", None)
    if recipe is not None and str(recipe).startswith("convert/"):
        assert (ROOT / recipe).is_file()


@pytest.mark.slow
def test_script_run_sets_itself_up_and_shows_the_demo() -> None:
    command = [str(ROOT / "script" / "run"), "--source", "demo", "--pins", "mock"]
    environment = os.environ | {"PYTHONUNBUFFERED": "1", "PYTHON": sys.executable}
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment, cwd=ROOT) as run:
        assert run.stdout is not None
        told = next((line for line in run.stdout if "face appeared" in line), None)
        run.send_signal(signal.SIGTERM)
        run.communicate(timeout=20)
    assert told is not None
    assert run.returncode == 0


def test_nothing_else_is_documented_than_what_is_tested_here() -> None:
    known = (
        "vigil ",
        "vigil-convert ",
        "KERAS_BACKEND=",
        "script/run",
        "script/test",
        "pip install -e .[",
        "git clone ",
    )
    assert [command for command in COMMANDS if not command.startswith(known)] == []
