"""The commands in the guide of the benchmarks: each script understands them, and the files that they name are there."""

from __future__ import annotations

import importlib
import re
import shlex
import sys
from pathlib import Path

import pytest

pytest.importorskip("matplotlib", reason="benchmarks need vigil[convert]")
ROOT = Path(__file__).parents[2]
GUIDE = ROOT / "benchmarks" / "README.md"
COMMANDS = [
    shlex.split(line, comments=True)
    for block in re.findall(r"^```sh\n(.*?)^```", GUIDE.read_text("utf-8"), re.MULTILINE | re.DOTALL)
    for line in block.splitlines()
]


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_a_documented_benchmark_is_understood(command: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    program, script, *words = command
    assert program == "python"
    assert (ROOT / script).is_file()
    monkeypatch.setattr(sys, "path", [str(ROOT / "benchmarks"), *sys.path])
    arguments = importlib.import_module(Path(script).stem).parse(words)
    named = [value for value in vars(arguments).values() if isinstance(value, Path) and value.suffix]
    assert all((ROOT / file).is_file() for file in named)


@pytest.mark.parametrize("script", sorted((ROOT / "benchmarks").glob("*.py")), ids=lambda script: script.name)
def test_a_benchmark_finds_what_it_imports(script: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "path", [str(ROOT / "benchmarks"), *sys.path])
    assert importlib.import_module(script.stem).__doc__


def test_pictures_of_the_guides_are_there_and_small() -> None:
    pages = [GUIDE, ROOT / "docs" / "performance.md"]
    pictures = [page.parent / name for page in pages for name in re.findall(r"!\[[^]]*\]\(([^)]+)\)", page.read_text())]
    assert pictures
    assert all(picture.stat().st_size < 100_000 for picture in pictures)
