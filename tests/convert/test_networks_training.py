"""Every kind of network learns on each backend of Keras; a process each, since a process has one backend."""

from __future__ import annotations

import importlib.util
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("keras", reason="needs the extra 'convert'")

WORKER = Path(__file__).with_name("networks_worker.py")
QUICK_START = {
    "TF_CPP_MIN_LOG_LEVEL": "3",
    "JAX_PLATFORMS": "cpu",
    "XLA_FLAGS": "--xla_backend_optimization_level=0",  # compiling takes longer than two small steps
}
KINDS = {
    "tensorflow": ["basic", "bottleneck", "eye_state", "embedder", "pnet", "rnet", "onet"],
    "jax": ["eye_state", "embedder", "onet"],  # every layer of the others; it compiles for seconds each
}


@pytest.mark.parametrize("backend", KINDS)
def test_one_step_lowers_the_loss(backend: str) -> None:
    if importlib.util.find_spec(backend) is None:
        pytest.skip(f"{backend} is not installed")
    environment = {**os.environ, **QUICK_START, "KERAS_BACKEND": backend}
    run = subprocess.run(
        [sys.executable, str(WORKER), *KINDS[backend]],
        env=environment,
        cwd=WORKER.parents[2],
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 0, run.stderr[-4000:]
    found = json.loads(run.stdout.splitlines()[-1])
    assert found["backend"] == backend
    assert list(found["losses"]) == KINDS[backend]
    unlearned = {kind: pair for kind, pair in found["losses"].items() if not pair[1] < pair[0]}
    assert not unlearned


def test_the_networks_import_no_backend_by_name() -> None:
    sources = (Path(__file__).parents[2] / "convert" / "networks").glob("*.py")
    imports = [line for file in sources for line in file.read_text("utf-8").splitlines() if "import" in line]
    assert not [line for line in imports if any(name in line for name in ("tensorflow", "torch", "jax"))]
