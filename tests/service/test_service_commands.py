"""The commands as a person or a script calls them: contracts, bad input, exit statuses, and never a traceback."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from edge.camera import CameraSettings, open_source
from edge.cli import main
from edge.values import Image


@pytest.fixture(scope="module")
def face() -> Image:
    """A picture with one face: the first frame of the demo scene."""
    source = open_source(CameraSettings(source="demo"))
    try:
        frame = source.read()
    finally:
        source.close()
    assert frame is not None
    return frame.image


@pytest.fixture(scope="module")
def pictures(tmp_path_factory: pytest.TempPathFactory, face: Image) -> Path:
    """Pictures of every sort, good and bad."""
    folder = tmp_path_factory.mktemp("pictures")
    grey = cv2.cvtColor(face, cv2.COLOR_BGR2GRAY)
    written = {
        "face.png": face,
        "grey.png": grey,
        "alpha.png": cv2.cvtColor(face, cv2.COLOR_BGR2BGRA),
        "deep.png": grey.astype(np.uint16) * 257,
        "dot.png": np.zeros((1, 1, 3), np.uint8),
        "huge.jpg": cv2.resize(face, (8000, 6000)),
    }
    for name, image in written.items():
        assert cv2.imwrite(str(folder / name), image)
    (folder / "empty.jpg").write_bytes(b"")
    (folder / "text.jpg").write_text("no picture")
    (folder / "cut.png").write_bytes((folder / "face.png").read_bytes()[:4000])
    return folder


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory, face: Image) -> Path:
    """Two seconds of the face at 10 frames a second."""
    path = tmp_path_factory.mktemp("clip") / "clip.avi"
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*"MJPG"), 10, (640, 480))
    for _ in range(20):
        writer.write(face)
    writer.release()
    return path


def analyze(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, list[dict[str, Any]]]:
    status = main(["analyze", "--jsonl", *arguments])
    return status, [json.loads(line) for line in capsys.readouterr().out.splitlines()]


def vigil(*arguments: str, **options: Any) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "edge.cli", *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=60, **options)


def test_analyze_line_has_the_contract(capsys: pytest.CaptureFixture[str], pictures: Path) -> None:
    status, (line,) = analyze(capsys, str(pictures / "face.png"))
    assert status == 0
    assert list(line) == ["image", "width", "height", "faces", "hands", "timings_ms"]
    assert (line["width"], line["height"]) == (640, 480)
    (found,) = line["faces"]
    assert list(found) == ["box", "score", "landmarks", "emotion", "eyes", "identity"]
    x1, y1, x2, y2 = found["box"]
    assert 0 <= x1 < x2 <= 640
    assert 0 <= y1 < y2 <= 480
    (left, *_), (right, *_) = found["landmarks"][:2]
    assert left < right, "the image-left eye comes first"
    assert len(found["landmarks"]) == 5
    assert set(found["emotion"]["probabilities"]) == {"angry", "disgust", "fear", "happy", "sad", "surprise", "neutral"}
    assert sum(found["emotion"]["probabilities"].values()) == pytest.approx(1, abs=1e-3)
    assert set(found["eyes"]) == {"left_open", "right_open"}
    assert found["eyes"]["left_open"] > 0.5
    assert list(line["timings_ms"]) == ["faces", "hands", "emotion", "eyes", "gesture", "identity", "total"]


@pytest.mark.parametrize("name", ["grey.png", "alpha.png", "deep.png", "huge.jpg"])
def test_analyze_finds_the_face_in_every_sort_of_picture(
    capsys: pytest.CaptureFixture[str], pictures: Path, name: str
) -> None:
    size = "480" if name == "huge.jpg" else "40"
    status, (line,) = analyze(capsys, "--min-face", size, str(pictures / name))
    assert status == 0
    assert len(line["faces"]) == 1


def test_analyze_finds_nothing_in_a_dot(capsys: pytest.CaptureFixture[str], pictures: Path) -> None:
    status, (line,) = analyze(capsys, str(pictures / "dot.png"))
    assert (status, line["faces"], line["hands"]) == (0, [], [])


@pytest.mark.parametrize("name", ["empty.jpg", "text.jpg", "cut.png", "missing.jpg"])
def test_analyze_goes_on_after_an_unreadable_picture(
    capsys: pytest.CaptureFixture[str], pictures: Path, name: str
) -> None:
    status, (bad, good) = analyze(capsys, str(pictures / name), str(pictures / "face.png"))
    assert status == 1
    assert list(bad) == ["image", "error"]
    assert name in bad["error"]
    assert len(good["faces"]) == 1


def test_analyze_draws_when_asked(capsys: pytest.CaptureFixture[str], pictures: Path, tmp_path: Path) -> None:
    assert main(["analyze", str(pictures / "face.png"), "--annotate", str(tmp_path / "drawn")]) == 0
    drawn = cv2.imread(str(tmp_path / "drawn" / "face.annotated.jpg"))
    assert drawn is not None
    assert drawn.shape == (480, 640, 3)
    assert "face" in capsys.readouterr().out


def test_analyze_refuses_a_folder_that_cannot_be_made(capsys: pytest.CaptureFixture[str], pictures: Path) -> None:
    folder = pictures / "text.jpg" / "drawn"
    assert main(["analyze", str(pictures / "face.png"), "--annotate", str(folder)]) == 66
    printed = capsys.readouterr()
    assert printed.out == ""
    assert f"--annotate {folder}: can't be made a folder" in printed.err


def test_analyze_goes_on_after_a_picture_that_cannot_be_drawn(
    capsys: pytest.CaptureFixture[str], pictures: Path, tmp_path: Path
) -> None:
    (tmp_path / "dot.annotated.jpg").mkdir()
    names = [str(pictures / "dot.png"), str(pictures / "face.png")]
    assert main(["analyze", "--jsonl", "--annotate", str(tmp_path), *names]) == 1
    assert len(capsys.readouterr().out.splitlines()) == 2
    assert (tmp_path / "face.annotated.jpg").is_file()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["analyze", "--min-face", "5", "face.png"], "--min-face 5: must be greater than or equal to 12"),
        (["analyze", "--threads", "99", "face.png"], "--threads 99: must be less than or equal to 16"),
        (["run", "--threads", "0"], "--threads 0: must be greater than or equal to 1"),
        (["run", "--source", "nothere"], "--source nothere: camera source 'nothere' is not known and no such file"),
    ],
)
def test_an_option_that_cannot_be_is_wrong_usage(
    capsys: pytest.CaptureFixture[str], arguments: list[str], message: str
) -> None:
    assert main(arguments) == 2
    assert capsys.readouterr().err.startswith(f"vigil: {message}")


def run(*arguments: str) -> int:
    return main(["run", "--pins", "mock", "--until-end", *arguments])


def test_run_writes_events_and_ends_with_the_video(clip: Path, tmp_path: Path) -> None:
    events = tmp_path / "events.jsonl"
    assert run("--source", str(clip), "--events", str(events)) == 0
    lines = [json.loads(line) for line in events.read_text().splitlines()]
    faces = [(line["state"], line["t"]) for line in lines if line.get("event") == "face"]
    assert [state for state, _ in faces] == ["started", "ended"]
    assert 0.2 <= faces[0][1] <= 0.5
    assert faces[1][1] == pytest.approx(1.9, abs=0.05)


def test_a_full_disk_stops_the_record_not_the_run(clip: Path) -> None:
    done = vigil("run", "--pins", "mock", "--until-end", "--source", str(clip), "--events", "/dev/full")
    assert done.returncode == 0
    assert done.stderr.count("/dev/full: no more events are written: No space left on device") == 1
    assert "20 frames in" in done.stdout


def test_run_takes_frames_that_change_size(face: Image, tmp_path: Path) -> None:
    for index, size in enumerate([(640, 480), (320, 240), (641, 481), (20, 9), (640, 480)]):
        cv2.imwrite(str(tmp_path / f"{index}.png"), cv2.resize(face, size))
    assert run("--source", str(tmp_path)) == 0


@pytest.mark.parametrize(
    ("name", "content"), [("empty.mp4", b""), ("text.mp4", b"no video at all"), ("missing.mp4", None)]
)
def test_run_refuses_what_is_no_video(tmp_path: Path, name: str, content: bytes | None) -> None:
    if content is not None:
        (tmp_path / name).write_bytes(content)
    done = vigil("run", "--pins", "mock", "--until-end", "--source", str(tmp_path / name))
    assert done.returncode in (2, 66)
    assert name in done.stderr
    assert "Traceback" not in done.stderr


def test_run_plays_the_whole_part_of_a_truncated_video_and_says_so(clip: Path, tmp_path: Path) -> None:
    cut = tmp_path / "cut.avi"
    cut.write_bytes(clip.read_bytes()[: clip.stat().st_size // 2])
    done = vigil("run", "--pins", "mock", "--until-end", "--source", str(cut))
    assert done.returncode == 1, done.stderr
    assert "a face in 100%" in done.stdout
    assert f"{cut}: cut off: ends after " in done.stderr
    assert "Traceback" not in done.stderr


def test_run_plays_the_good_pictures_of_a_folder(pictures: Path, tmp_path: Path) -> None:
    for name in ("face.png", "cut.png", "grey.png", "empty.jpg", "deep.png", "alpha.png", "dot.png"):
        (tmp_path / name).symlink_to(pictures / name)
    done = vigil("run", "--pins", "mock", "--until-end", "--source", str(tmp_path))
    assert done.returncode == 1, done.stderr
    assert "5 frames in" in done.stdout
    assert "cut.png: damaged image: the PNG is cut off" in done.stderr
    assert "empty.jpg: is empty" in done.stderr


def test_a_config_with_mistakes_names_them_all(tmp_path: Path) -> None:
    config = tmp_path / "vigil.toml"
    config.write_text('[outputs.lamp]\ntype = "led"\npinn = 17\n\n[[rules]]\nwhen = "gesture.plam"\ndo = "lamp.on"\n')
    done = vigil("run", "--config", str(config))
    assert done.returncode == 78
    assert "pinn" in done.stderr
    assert "gesture.plam" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_missing_config_is_an_error(tmp_path: Path) -> None:
    assert vigil("run", "--config", str(tmp_path / "none.toml")).returncode == 78


def test_a_damaged_bundle_is_refused(models_dir: Path, tmp_path: Path, clip: Path) -> None:
    models = Path(shutil.copytree(models_dir, tmp_path / "models"))
    network = models / "faces" / "onet.tflite"
    content = bytearray(network.read_bytes())
    content[len(content) // 2] ^= 1
    network.write_bytes(bytes(content))
    done = vigil("run", "--models", str(models), "--until-end", "--source", str(clip))
    assert done.returncode == 65
    assert "onet.tflite: damaged or changed" in done.stderr
    assert "Traceback" not in done.stderr


def test_models_verify_passes_what_ships(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["models", "verify"]) == 0
    assert capsys.readouterr().out.count("pass ") >= 5


def test_models_verify_names_the_bad_one(capsys: pytest.CaptureFixture[str], models_dir: Path, tmp_path: Path) -> None:
    models = Path(shutil.copytree(models_dir, tmp_path / "models"))
    (models / "eyes" / "eyes.tflite").write_bytes(b"no network")
    assert main(["models", "verify", "--models", str(models)]) == 65
    failed = [line for line in capsys.readouterr().out.splitlines() if line.startswith("FAILED")]
    assert len(failed) == 1
    assert "eyes.tflite" in failed[0]


def test_models_verify_finds_a_missing_label_and_a_missing_or_swapped_manifest(
    capsys: pytest.CaptureFixture[str], models_dir: Path, tmp_path: Path
) -> None:
    models = Path(shutil.copytree(models_dir, tmp_path / "models"))
    manifest = json.loads((models / "emotion" / "manifest.json").read_text())
    manifest["labels"].pop()
    (models / "emotion" / "manifest.json").write_text(json.dumps(manifest))
    (models / "gesture" / "manifest.json").unlink()
    shutil.rmtree(models / "eyes")
    shutil.copytree(models / "faces", models / "eyes")
    assert main(["models", "verify", "--models", str(models)]) == 65
    lines = capsys.readouterr().out.splitlines()
    emotion, eyes, gesture = (line for line in lines if line.startswith("FAILED"))
    assert "emotion/manifest.json: labels: 6 for the network's 7 logits; a label is missing" in emotion
    assert "expected a bundle for 'eyes', this one is for 'faces'" in eyes
    assert "gesture/manifest.json: no bundle here" in gesture


def test_a_missing_label_is_refused_by_run_and_analyze(
    capsys: pytest.CaptureFixture[str], models_dir: Path, tmp_path: Path, pictures: Path, clip: Path
) -> None:
    models = Path(shutil.copytree(models_dir, tmp_path / "models"))
    manifest = json.loads((models / "emotion" / "manifest.json").read_text())
    manifest["labels"].remove("happy")
    (models / "emotion" / "manifest.json").write_text(json.dumps(manifest))
    assert run("--models", str(models), "--source", str(clip)) == 65
    assert main(["analyze", "--models", str(models), str(pictures / "face.png")]) == 65
    assert capsys.readouterr().err.count("6 labels need (1, 6); a label is missing or one too many") == 2


def test_a_named_camera_that_is_absent_is_an_error_not_the_demo() -> None:
    done = vigil("run", "--pins", "mock", "--source", "v4l2:/dev/video99")
    assert done.returncode == 69
    assert "/dev/video99" in done.stderr
    assert "Traceback" not in done.stderr


def test_terminate_stops_a_live_run_cleanly(tmp_path: Path) -> None:
    events = tmp_path / "events.jsonl"
    command = [sys.executable, "-m", "edge.cli", "run", "--source", "demo", "--pins", "mock", "--events", str(events)]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, text=True, env=os.environ | {"PYTHONUNBUFFERED": "1"}
    ) as run:
        assert run.stdout is not None
        deadline = time.monotonic() + 30
        while "face appeared" not in run.stdout.readline():
            assert time.monotonic() < deadline
        run.send_signal(signal.SIGTERM)
        rest, _ = run.communicate(timeout=10)
    assert run.returncode == 0
    assert "frames in" in rest
    last = json.loads(events.read_text().splitlines()[-1])
    assert last["state"] == "ended"


@pytest.mark.parametrize("encoding", ["ascii", "utf-8"])
def test_names_that_the_terminal_cannot_write_are_escaped(encoding: str, tmp_path: Path) -> None:
    environment = os.environ | {"PYTHONIOENCODING": encoding}
    done = subprocess.run(
        [sys.executable, "-m", "edge.cli", "analyze", b"gr\xfc\xc3\x9fe.jpg"],
        capture_output=True,
        check=False,
        env=environment,
        cwd=tmp_path,
        timeout=60,
    )
    assert done.returncode == 1, done.stderr
    assert b"no such file" in done.stdout
    assert b"Traceback" not in done.stderr


@pytest.mark.parametrize("command", [[], ["run"], ["analyze"], ["config"], ["config", "check"], ["models"]])
def test_help_explains(capsys: pytest.CaptureFixture[str], command: list[str]) -> None:
    with pytest.raises(SystemExit) as stopped:
        main([*command, "--help"])
    assert stopped.value.code == 0
    assert len(capsys.readouterr().out) > 200


def test_a_face_is_found_in_the_signing_clips(capsys: pytest.CaptureFixture[str], dataset: Any, tmp_path: Path) -> None:
    for path in sorted((dataset("clips") / "signing").glob("*.mkv")):
        assert run("--pins", "mock", "--until-end", "--source", str(path), "--events", str(tmp_path / "e.jsonl")) == 0
        told = capsys.readouterr().out
        assert int(told.rsplit("a face in ", 1)[1].split("%")[0]) >= 95, f"{path.name}: {told}"
