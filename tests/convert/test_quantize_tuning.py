"""Fine-tuning for int8, on a network that calibration alone makes much worse."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("tensorflow", reason="the convert extra is not installed")

WORKER = Path(__file__).with_name("quantize_tuning_worker.py")


def test_fine_tuning_recovers_what_int8_loses(tmp_path: Path) -> None:
    """First channels that differ four-hundredfold, in one int8 scale, cost more than 10 points."""
    found = tmp_path / "accuracy.json"
    environment = {**os.environ, "KERAS_BACKEND": "tensorflow", "TF_CPP_MIN_LOG_LEVEL": "3"}
    run = subprocess.run(
        [sys.executable, str(WORKER), str(found)],
        env=environment,
        cwd=WORKER.parents[2],
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 0, run.stderr[-4000:]
    accuracy = json.loads(found.read_text())
    assert accuracy["calibrated"] < accuracy["float"] - 0.1
    assert accuracy["tuned"] > accuracy["float"] - 0.005
