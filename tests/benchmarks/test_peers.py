"""The comparison of face detectors: what counts as found, and the pipe to a detector's process."""

from __future__ import annotations

import json
import os
import sys
from importlib import resources
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("matplotlib", reason="benchmarks need vigil[convert]")
sys.path.insert(0, str(Path(__file__).parents[2] / "benchmarks"))

from peers import TURN, Peer, Tally, fits, in_words, judge, keep, table, times_as_long

from convert.data.scenes import Scene

FACE = np.array([100, 100, 140, 140], np.float32)
POINTS = np.array([[110, 112], [130, 112], [120, 122], [112, 132], [128, 132]], np.float32)


def answer(box: list[float], points: np.ndarray | None = None) -> dict:
    return {"box": box, "points": [] if points is None else points.tolist()}


def test_a_wider_framing_is_the_same_face_and_a_neighbour_is_not() -> None:
    head_in_profile, neighbour, thrice_as_large = [108, 92, 158, 142], [120, 100, 160, 140], [60, 60, 180, 180]
    boxes = [[90, 90, 150, 150], [100, 100, 140, 140], head_in_profile, neighbour, thrice_as_large]
    assert fits(np.array(boxes, np.float32), FACE).tolist() == [True, True, True, False, False]


def test_recall_unknown_finds_and_errors() -> None:
    scene = Scene(Path("a.jpg"), "a", FACE[None], POINTS[None], unsure=np.array([[10, 10, 50, 50]], np.float32))
    tally = Tally()
    judge(
        tally, [answer([98, 98, 142, 142], POINTS + 1), answer([10, 10, 50, 50]), answer([300, 0, 340, 40])], scene, 20
    )
    judge(tally, [answer([98, 98, 142, 142], POINTS[:3])], scene, 20)
    judge(tally, [], scene, 20)
    judge(tally, [], scene, 60)
    figures = tally.as_dict()
    assert (figures["images"], figures["faces"], figures["recall"]) == (4, 3, pytest.approx(2 / 3, abs=1e-3))
    assert figures["unknown_per_image"] == 0.25
    assert figures["nme"] == pytest.approx(2**0.5 / 20, abs=1e-3)
    assert figures["nme_eyes_nose"] == pytest.approx(2**0.5 / 40, abs=1e-3)
    assert "0.6667" in table({"vigil": figures}, ("recall", "median_ms"))


def test_a_detector_answers_through_its_process() -> None:
    with resources.as_file(resources.files("edge.camera.demo").joinpath("astronaut.jpg")) as portrait:
        peer = Peer("vigil", min(os.sched_getaffinity(0)))
        found = peer.detect(portrait, 40)
        peer.close()
    assert found["ms"] > 0
    assert [len(face["points"]) for face in found["faces"]] == [5]


def test_a_detector_that_cannot_start_is_named(monkeypatch) -> None:
    monkeypatch.setattr("peers._python_for", lambda name: "/bin/false")
    with pytest.raises(SystemExit, match="vigil: ended with status 1"):
        Peer("vigil", min(os.sched_getaffinity(0)))


def test_a_peer_measured_anew_leaves_the_others(tmp_path: Path) -> None:
    times = {"vigil": {"median_ms": 2.0}, "haar": {"median_ms": 5.0}}
    accuracy = {"mtfl": {"vigil": {"recall": 0.9}, "haar": {"recall": 0.8}}}
    keep({"min_face": 40, "accuracy": accuracy}, tmp_path)
    assert not (tmp_path / "peers.png").exists()
    keep({"min_face": 40, "times": times}, tmp_path)
    keep({"min_face": 40, "accuracy": {"mtfl": {"vigil": {"recall": 0.95}}}}, tmp_path)
    kept = json.loads((tmp_path / "peers.json").read_text())
    assert kept["times"] == times
    assert kept["accuracy"]["mtfl"] == {"vigil": {"recall": 0.95}, "haar": {"recall": 0.8}}
    assert (tmp_path / "peers.png").exists()
    keep({"min_face": 20, "times": times}, tmp_path)
    assert "accuracy" not in json.loads((tmp_path / "peers.json").read_text())


def test_each_turn_is_compared_with_vigils_in_the_same_turn() -> None:
    slow_then_fast, fast = [8.0] * TURN + [2.0] * TURN, [4.0] * TURN + [1.0] * TURN
    ours, theirs = Tally(cpu_milliseconds=fast), Tally(cpu_milliseconds=slow_then_fast)
    assert times_as_long(theirs, ours) == {"times_vigil": 2.0, "low": 2.0, "high": 2.0}
    assert times_as_long(theirs, None) == {}
    times = {"haar": theirs.as_dict() | times_as_long(theirs, ours)}
    assert in_words({"min_face": 40, "times": times}).splitlines()[-1].split()[-3:] == ["2", "2", "2"]
