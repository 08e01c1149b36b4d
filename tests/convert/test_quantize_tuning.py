"""Fine-tuning for int8, on a network that calibration alone makes much worse."""

import json
from pathlib import Path

import pytest
from keras_process import finish, start

pytest.importorskip("tensorflow", reason="the convert extra is not installed")

WORKER = Path(__file__).with_name("quantize_tuning_worker.py")


def test_fine_tuning_recovers_what_int8_loses(tmp_path: Path) -> None:
    """First channels that differ four-hundredfold, in one int8 scale, cost more than 10 points."""
    found = tmp_path / "accuracy.json"
    finish(start(WORKER, found))
    accuracy = json.loads(found.read_text())
    assert accuracy["calibrated"] < accuracy["float"] - 0.1
    assert accuracy["tuned"] > accuracy["float"] - 0.005
