"""Which bundles a run needs and loads: what is switched off is never touched, what is on must be there."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from edge.cli import main
from edge.config import parse_config
from edge.service.bundles import MissingBundleError, require_bundles

LAMP = '[outputs.lamp]\ntype = "led"\npin = 17\n'
PALM = '[[rules]]\nwhen = "gesture.palm"\ndo = "lamp.on"\n'

Install = Callable[..., Path]


@pytest.fixture
def install(models_dir: Path, tmp_path: Path) -> Install:
    """``install("faces", "eyes")``: a folder with those of the shipped bundles."""

    def link(*tasks: str) -> Path:
        folder = tmp_path / "models"
        folder.mkdir()
        for task in tasks:
            (folder / task).symlink_to(models_dir / task)
        return folder

    return link


def check(text: str, models: Path) -> None:
    require_bundles(parse_config(text, "vigil.toml").config, models)


def refusal(text: str, models: Path) -> list[str]:
    with pytest.raises(MissingBundleError) as refused:
        check(text, models)
    assert refused.value.exit_status == 65
    return str(refused.value).splitlines()


def test_a_rule_without_its_bundle_is_refused_with_what_to_do(install: Install) -> None:
    models = install("faces", "emotion", "eyes", "gesture")
    assert refusal(LAMP + PALM, models) == [
        f"{models}: no bundle for hands, needed by [detection] hands = true and [[rules]] no. 1. "
        "Install what is missing, or set that key to false and delete those rules"
    ]


def test_every_missing_bundle_is_named_once(install: Install) -> None:
    models = install("emotion")
    assert [line.partition(", needed")[0] for line in refusal("", models)] == [
        f"{models}: no bundle for {missing}" for missing in ("faces", "eyes", "hands and gesture")
    ]


def test_an_empty_folder_is_the_wrong_one(install: Install) -> None:
    (line,) = refusal("", install())
    assert "no bundle in this folder; give the right one with --models" in line


@pytest.mark.parametrize(
    ("switches", "tasks"),
    [
        ("[emotion]\nenabled = false\n[detection]\nhands = false\n", ("faces", "eyes")),
        ("[drowsiness]\nenabled = false\n[detection]\nhands = false\n", ("faces", "emotion")),
        ("[detection]\nfaces = false\n", ("hands", "gesture")),
        ("[detection]\nfaces = false\nhands = false\n", ()),
    ],
)
def test_what_is_switched_off_needs_no_bundle(tmp_path: Path, switches: str, tasks: tuple[str, ...]) -> None:
    for task in tasks:
        (tmp_path / task).mkdir()
    check(switches, tmp_path)


def run(models: Path, folder: Path, config: str) -> int:
    """Run ``config`` on the demo's portrait with the bundles in ``models``."""
    file = folder / "vigil.toml"
    file.write_text(config)
    source = Path(__file__).resolve().parents[2] / "edge" / "camera" / "demo" / "astronaut.jpg"
    pictures = folder / "pictures"
    pictures.mkdir()
    (pictures / "1.jpg").symlink_to(source)
    options = ["--config", str(file), "--models", str(models), "--source", str(pictures)]
    return main(["run", "--pins", "mock", "--until-end", *options])


def test_emotion_switched_off_is_never_loaded(
    install: Install, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The network is a file that can't be one: whatever reads it, fails."""
    models = install("faces", "eyes")
    (models / "emotion").mkdir()
    for file in ("manifest.json", "emotion.tflite", "golden.npz"):
        (models / "emotion" / file).write_text("not to be read")
    assert run(models, tmp_path, "[emotion]\nenabled = false\n[detection]\nhands = false\n") == 0
    assert "a face in 100%" in capsys.readouterr().out


def test_a_run_without_a_bundle_that_a_rule_needs_says_so_and_fails(
    install: Install, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(install("faces", "emotion", "eyes", "gesture"), tmp_path, LAMP + PALM) == 65
    assert "no bundle for hands, needed by [detection] hands = true" in capsys.readouterr().err


def test_analyze_reads_all_that_is_installed(
    install: Install, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    portrait = Path(__file__).resolve().parents[2] / "edge" / "camera" / "demo" / "astronaut.jpg"
    assert main(["analyze", "--models", str(install("faces", "eyes")), str(portrait)]) == 0
    words = capsys.readouterr().out
    assert "left eye open" in words
    assert "happy" not in words
    assert main(["analyze", "--models", str(tmp_path / "none"), str(portrait)]) == 65


def test_without_faces_nobody_is_missed(tmp_path: Path) -> None:
    """12 s without a face would be `cannot-judge` if drowsiness were judged."""
    picture = Path(__file__).resolve().parents[2] / "edge" / "camera" / "demo" / "astronaut.jpg"
    for second in range(12):
        (tmp_path / f"{second}.jpg").symlink_to(picture)
    config, events = tmp_path / "vigil.toml", tmp_path / "events.jsonl"
    config.write_text("[camera]\nrate_hz = 1\n[detection]\nfaces = false\nhands = false\n")
    options = ["--config", str(config), "--source", str(tmp_path), "--events", str(events)]
    assert main(["run", "--pins", "mock", "--until-end", *options]) == 0
    assert events.read_text() == ""
