"""``vigil config check|schema|init`` as a person runs them."""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import pytest

from edge import config_commands
from edge.config import default_toml
from edge.errors import ConfigError


def run(*arguments: str | Path) -> int:
    parser = argparse.ArgumentParser(prog="vigil")
    config_commands.add_parser(parser.add_subparsers())
    parsed = parser.parse_args(["config", *map(str, arguments)])
    return parsed.handler(parsed)


def test_init_then_check(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "vigil.toml"
    assert run("init", file) == 0
    assert run("check", file, "--models", tmp_path) == 0
    output = capsys.readouterr()
    assert f"OK: {file}: 4 outputs (lamp GPIO17, buzzer GPIO18, relay GPIO27, warning GPIO22), 9 rules" in output.out
    assert output.err == ""


def test_init_without_file_prints(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("init") == 0
    assert capsys.readouterr().out == default_toml()


def test_init_never_overwrites(tmp_path: Path) -> None:
    file = tmp_path / "vigil.toml"
    file.write_text("mine")
    with pytest.raises(ConfigError, match="exists already"):
        run("init", file)
    assert file.read_text() == "mine"


def test_init_into_a_missing_folder(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"can't be written \(No such file or directory\)"):
        run("init", tmp_path / "none" / "vigil.toml")


def test_check_names_file_and_counts(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "vigil.toml"
    file.write_text("[camera]\nmirrow = true\n[camra]\n")
    assert run("check", file, "--models", tmp_path) == 78
    output = capsys.readouterr()
    assert output.out == ""
    assert f"{file}: [camera] mirrow: unknown key" in output.err
    assert output.err.endswith(f"{file}: 2 problems\n")


def test_check_warns_and_passes(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "vigil.toml"
    file.write_text('[outputs.lamp]\ntype = "led"\npin = 14\n')
    assert run("check", file, "--models", tmp_path) == 0
    output = capsys.readouterr()
    assert f"{file}: warning: [outputs.lamp] pin: GPIO14" in output.err
    assert output.out.startswith("OK: ")


def test_check_of_a_missing_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("check", tmp_path / "none.toml", "--models", tmp_path) == 78
    assert "No such file" in capsys.readouterr().err


def test_schema_is_json_schema_with_both_spellings_of_do(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("schema") == 0
    schema = json.loads(capsys.readouterr().out)
    assert set(schema["properties"]) == {
        *("camera", "detection", "gesture", "emotion", "drowsiness", "face", "performance", "outputs", "rules")
    }
    assert not schema["additionalProperties"]
    text, table = schema["$defs"]["Rule"]["properties"]["do"]["anyOf"]
    assert text["type"] == "string"
    assert len(table["oneOf"]) == 7
    assert "while" in schema["$defs"]["Rule"]["properties"]
