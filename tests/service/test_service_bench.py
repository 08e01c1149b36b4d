"""``vigil bench``: that it measures, tells and compares; never how fast."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from edge.bench import run as bench_run
from edge.bench.machine import describe_machine, slug
from edge.bench.meter import Meter
from edge.bench.pictures import MAX_HELD, Pictures, read_pictures
from edge.bench.progress import Progress
from edge.bench.reference import compare, find_reference, read_reference
from edge.bench.report import Report
from edge.camera import CameraSettings, open_source
from edge.cli import main
from edge.inference import Task, load_bundle
from edge.inference.operations import OperationsUnknownError
from edge.inference.runtime import Runtime
from edge.values import Frame

FRAMES = 6


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Six frames of the demo scene at 10 a second."""
    path = tmp_path_factory.mktemp("clip") / "clip.avi"
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*"MJPG"), 10, (640, 480))
    with open_source(CameraSettings(source="demo")) as source:
        for _, frame in zip(range(FRAMES), source, strict=False):
            writer.write(frame.image)
    writer.release()
    return path


@pytest.fixture(scope="module")
def report(clip: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A report as ``--save`` keeps it."""
    file = tmp_path_factory.mktemp("report") / "here.json"
    assert main(["bench", "--source", str(clip), "--frames", "12", "--save", str(file)]) == 0
    return file


def bench(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    status = main(["bench", *arguments])
    output, errors = capsys.readouterr()
    return status, output, errors


def test_the_report_is_whole(report: Path) -> None:
    found = Report.model_validate_json(report.read_bytes())
    assert found.frames == 12
    assert list(found.stages) == ["faces", "hands", "emotion", "eyes", "gesture", "rest", "timeline", "total"]
    assert found.workload.pictures == FRAMES
    assert found.peak_memory_mib > found.pictures_mib > 0
    assert 0 < found.outside_networks < 1
    total = found.stages["total"]
    assert total.share == 1
    assert sum(stage.mean_ms for name, stage in found.stages.items() if name != "total") == pytest.approx(total.mean_ms)
    assert found.frames_per_second == pytest.approx(1e3 / total.mean_ms)


def test_stages_count_only_where_their_networks_run(report: Path) -> None:
    stages = Report.model_validate_json(report.read_bytes()).stages
    assert stages["faces"].share == stages["eyes"].share == 1
    assert 0 < stages["emotion"].share < 1, "emotion is read five times a second, frames come ten times"
    assert stages["gesture"].median_ms is None, "no hand is in view"


def test_networks_are_told_with_what_they_compute(report: Path, models_dir: Path) -> None:
    networks = Report.model_validate_json(report.read_bytes()).networks
    emotion = next(network for network in networks if network.name == "emotion")
    assert emotion.macs == load_bundle(models_dir / "emotion").manifest.networks["emotion"].macs
    assert all(network.delegated == network.operations for network in networks)
    assert {"faces/pnet", "faces/onet", "hands/detector", "eyes"} <= {network.name for network in networks}


def test_a_table_for_people_and_json_for_programs(capsys: pytest.CaptureFixture[str], clip: Path, report: Path) -> None:
    asked = ["--source", str(clip), "--frames", str(FRAMES), "--reference", str(report)]
    status, text, _ = bench(capsys, *asked)
    assert status == 0
    assert "ms a frame" in text
    assert f"Ratios to the reference {report}" in text
    status, text, _ = bench(capsys, *asked, "--json")
    found = json.loads(text)
    assert status == 0
    assert found["reference"]["ratios"]["median_ms"] > 0
    assert Report.model_validate({key: value for key, value in found.items() if key != "reference"})


def test_for_a_time_instead_of_a_number(capsys: pytest.CaptureFixture[str], clip: Path) -> None:
    status, text, _ = bench(capsys, "--source", str(clip), "--seconds", "0.2", "--json")
    assert status == 0
    assert json.loads(text)["frames"] >= 1


def test_no_reference_for_this_board_is_said_plainly(
    capsys: pytest.CaptureFixture[str], clip: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("edge.bench.bench.default_reference_dir", lambda: tmp_path)
    status, text, _ = bench(capsys, "--source", str(clip), "--frames", "1")
    assert status == 0
    assert "There is no reference for this board" in text


def test_the_shipped_references_can_be_read() -> None:
    folder = Path(__file__).parents[2] / "benchmarks" / "reference"
    files = sorted(folder.glob("*.json"))
    assert files
    for file in files:
        assert find_reference(read_reference(file).machine.slug, folder) == file


def test_another_workload_is_not_compared(report: Path) -> None:
    here = Report.model_validate_json(report.read_bytes())
    there = here.model_copy(update={"workload": here.workload.model_copy(update={"threads": 4})})
    comparison = compare(here, there, report)
    assert (comparison.differing, comparison.ratios) == (("threads",), {})
    same = compare(here, here, report)
    assert set(same.ratios.values()) == {1.0}
    assert compare(here.model_copy(update={"bundles": {"faces": "9"}}), here, report).other_bundles == ("faces",)
    assert compare(here.model_copy(update={"frames": 2}), here, report).differing == ("frames",)


@pytest.mark.parametrize(
    ("arguments", "status", "says"),
    [
        (["--source", "0"], 2, "the same pictures every time"),
        (["--source", "nowhere.mkv"], 66, "no such file"),
        (["--frames", "0"], 2, "--frames 0"),
        (["--seconds", "-1"], 2, "--seconds -1"),
        (["--threads", "99"], 2, "--threads 99"),
        (["--reference", "nowhere.json"], 66, "can't read this reference"),
        (["--models", "/nonexistent"], 65, "faces"),
    ],
)
def test_wrong_usage_says_what_and_ends_at_once(
    capsys: pytest.CaptureFixture[str], arguments: list[str], status: int, says: str, clip: Path
) -> None:
    source = [] if "--source" in arguments else ["--source", str(clip)]
    found, _, errors = bench(capsys, *source, *arguments)
    assert found == status
    assert says in errors


def test_what_is_no_reference_is_refused(
    capsys: pytest.CaptureFixture[str], clip: Path, tmp_path: Path, report: Path
) -> None:
    other = tmp_path / "other.json"
    other.write_text(report.read_text().replace('"format": 1', '"format": 2'))
    status, _, errors = bench(capsys, "--source", str(clip), "--reference", str(other))
    assert status == 66
    assert "format" in errors
    status, _, errors = bench(capsys, "--source", str(clip), "--frames", "1", "--save", str(tmp_path))
    assert status == 66
    assert "name another file" in errors


def test_a_runtime_that_does_not_tell_is_unknown(
    capsys: pytest.CaptureFixture[str], clip: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def silent(*_: Any) -> Any:
        raise OperationsUnknownError("this runtime doesn't tell")

    monkeypatch.setattr(bench_run, "count_macs", silent)
    monkeypatch.setattr(bench_run, "operations", silent)
    status, text, _ = bench(capsys, "--source", str(clip), "--frames", "1")
    assert status == 0
    assert "unknown" in next(line for line in text.splitlines() if line.startswith("faces/pnet"))


def test_pictures_go_on_in_time_when_they_begin_again() -> None:
    image = np.zeros((2, 2, 3), np.uint8)
    pictures = Pictures("clip", tuple(Frame(image, 5 + i / 10, i) for i in range(3)))
    shown = [frame for frame, _ in zip(pictures.endlessly(), range(7), strict=False)]
    assert [frame.t for frame in shown] == pytest.approx([i / 10 for i in range(7)])
    assert [frame.index for frame in shown] == list(range(7))


def test_no_more_pictures_are_held_than_a_small_board_can_spare(monkeypatch: pytest.MonkeyPatch, clip: Path) -> None:
    assert len(read_pictures(str(clip), lambda _: None).frames) == FRAMES < MAX_HELD
    monkeypatch.setattr("edge.bench.pictures.MAX_HELD_BYTES", 3 * 640 * 480 * 3)
    assert len(read_pictures(str(clip), lambda _: None).frames) == 3


def test_the_meter_counts_each_network(models_dir: Path) -> None:
    meter = Meter()
    bundle = meter.load(models_dir / "eyes", Task.EYES)
    network = bundle.network("eyes", shape=(2, 24, 24, 1))
    before = meter.read()
    assert meter.at_work(meter.since(before)) == frozenset()
    network(np.zeros((2, 24, 24, 1), np.uint8))
    (use,) = meter.since(before)
    assert use.calls == 1
    assert use.seconds > 0
    assert meter.at_work([use]) == {Task.EYES}


def test_a_board_is_named_by_its_device_tree(tmp_path: Path) -> None:
    for name, content in {
        "proc/device-tree/model": "Raspberry Pi 5 Model B Rev 1.0\0",
        "sys/devices/system/cpu/cpu0/cpufreq/scaling_governor": "ondemand\n",
        "sys/class/thermal/thermal_zone0/temp": "61200\n",
        "sys/devices/platform/soc/soc:firmware/get_throttled": "0x50004\n",
    }.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(content)
    machine = describe_machine(Runtime("LiteRT", "2", None), tmp_path)
    assert machine.board == "Raspberry Pi 5 Model B Rev 1.0"
    assert machine.slug == "raspberry-pi-5-model-b"
    assert (machine.governor, machine.celsius, machine.throttled) == ("ondemand", 61.2, "the board is throttled")


@pytest.mark.parametrize(
    ("cpu_info", "board"),
    [
        ("model name\t: Some CPU\ncpu family\t: 6\nmodel\t\t: 85\n", "Some CPU family 6 model 85"),
        ("model name\t: ARMv7 Processor rev 3\n", "ARMv7 Processor rev 3"),
    ],
)
def test_without_a_device_tree_by_its_cpu(tmp_path: Path, cpu_info: str, board: str) -> None:
    (tmp_path / "proc").mkdir()
    (tmp_path / "proc" / "cpuinfo").write_text(cpu_info)
    machine = describe_machine(Runtime("LiteRT", "2", None), tmp_path)
    assert machine.board == board
    assert (machine.governor, machine.celsius) == (None, None)


def test_a_name_for_every_board() -> None:
    assert slug("NVIDIA Jetson Orin Nano Developer Kit") == "nvidia-jetson-orin-nano-developer-kit"
    assert slug("™") == "unknown"


def test_progress_is_for_terminals_only() -> None:
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    for stream, shown in ((io.StringIO(), False), (Terminal(), True)):
        progress = Progress(stream)
        progress.tell("measuring", 0.5)
        progress.clear()
        assert ("measuring" in stream.getvalue()) is shown
