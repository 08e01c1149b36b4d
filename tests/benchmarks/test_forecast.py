"""The forecast for boards that nobody had at hand."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[2] / "benchmarks"))

from forecast import BOARDS, EFFICIENCY, Board, Stage, main, rows, stages_of

from edge.bench.reference import read_reference

REPORTS = sorted((Path(__file__).parents[2] / "benchmarks" / "reference").glob("*.json"))


def test_networks_by_their_macs_and_the_rest_by_its_time() -> None:
    board = Board("slow", ghz=1.0, macs_a_cycle=8, slower=4.0)
    stage = Stage("faces", ms=5.0, network_ms=3.0, macs=8e6 * EFFICIENCY * 10)
    assert stage.on(board) == pytest.approx(10 + 4 * 2)


@pytest.mark.parametrize("file", REPORTS, ids=lambda file: file.stem)
def test_every_stage_of_a_report_is_forecast(file: Path) -> None:
    stages = stages_of(read_reference(file))
    assert [stage.name for stage in stages][:2] == ["faces", "hands"]
    assert all(0 <= stage.network_ms <= stage.ms for stage in stages)
    header, *lines = rows(stages)
    assert len(header) == 4 + len(BOARDS)
    assert [line[0] for line in lines][-2:] == ["total", "frames a second"]
    pi_4, pi_5 = (float(text) for text in lines[-1][-2:])
    assert 0 < pi_4 < pi_5


def test_it_says_that_it_is_a_forecast(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "argv", ["forecast.py", str(REPORTS[0])])
    main()
    assert capsys.readouterr().out.startswith("A forecast")


def test_a_report_without_macs_is_refused() -> None:
    report = read_reference(REPORTS[0])
    silent = tuple(network.model_copy(update={"macs": None}) for network in report.networks)
    with pytest.raises(SystemExit, match="didn't tell"):
        stages_of(report.model_copy(update={"networks": silent}))
