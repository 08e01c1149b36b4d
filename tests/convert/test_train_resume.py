"""Trainings that are killed, resumed and shared among devices, each in processes of their own."""

from __future__ import annotations

import importlib.util
import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from train_samples import make_recipe

from convert.training.errors import DistributionError
from convert.training.recipe import RecipeError

WORKER = Path(__file__).with_name("train_worker.py")


def start(backend: str, *trainings: tuple[Path, dict[str, Any]]) -> subprocess.CompletedProcess[str]:
    """Train one after the other in a process of its own, on ``backend``."""
    if any(importlib.util.find_spec(name) is None for name in ("keras", backend)):
        pytest.skip(f"needs Keras on {backend}")
    environment = os.environ | {
        "KERAS_BACKEND": backend,
        "OMP_NUM_THREADS": "1",
        "TF_CPP_MIN_LOG_LEVEL": "3",
        "XLA_FLAGS": "--xla_force_host_platform_device_count=2 --xla_backend_optimization_level=0",
        "JAX_PLATFORMS": "cpu",
        # Compiling takes longer than training: what one process compiled, the next one reads.
        "JAX_COMPILATION_CACHE_DIR": str(trainings[0][0].parents[1] / "compiled"),
        "JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS": "0",
        "JAX_PERSISTENT_CACHE_MIN_ENTRY_SIZE_BYTES": "-1",
    }
    arguments = [text for out, options in trainings for text in (str(out), json.dumps(options))]
    command = [sys.executable, str(WORKER), *arguments]
    return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=600, check=False)


def weights(finished: subprocess.CompletedProcess[str]) -> list[np.ndarray]:
    """What the trainings printed."""
    assert finished.returncode == 0, finished.stderr[-3000:]
    return [np.array(network) for network in json.loads(finished.stdout.splitlines()[-1])]


def figures(out: Path) -> list[dict[str, float]]:
    """The epochs' figures, less what the clock measured."""
    history = json.loads((out / "training.json").read_text("utf-8"))["history"]
    return [{name: row[name] for name in ("epoch", "loss", "accuracy", "val_loss", "val_accuracy")} for row in history]


@pytest.mark.parametrize("backend", ["tensorflow", "torch", "jax"])
def test_a_training_killed_twice_ends_as_an_unbroken_one(tmp_path: Path, backend: str) -> None:
    broken, unbroken = tmp_path / "broken", tmp_path / "unbroken"
    killed = start(backend, (broken, {"kill_in_checkpoint": 2}))
    assert killed.returncode == -signal.SIGKILL, killed.stderr[-3000:]
    assert (broken / ".partial-checkpoint.npz").exists()
    killed = start(backend, (broken, {"resume": True, "kill_after_epoch": 2}))
    assert killed.returncode == -signal.SIGKILL, killed.stderr[-3000:]
    resumed, whole = weights(start(backend, (broken, {"resume": True}), (unbroken, {})))
    np.testing.assert_array_equal(resumed, whole)
    assert figures(broken) == figures(unbroken)


def test_jax_shares_a_batch_among_two_devices(tmp_path: Path) -> None:
    one, two = tmp_path / "one", tmp_path / "two"
    alone, shared = weights(start("jax", (one, {}), (two, {"distribute": True})))
    np.testing.assert_allclose(shared, alone, atol=1e-3)
    assert figures(two)[-1] == pytest.approx(figures(one)[-1], rel=1e-3)


def test_tensorflow_shares_a_batch_among_two_devices(tmp_path: Path) -> None:
    weights(start("tensorflow", (tmp_path, {"devices": 2, "distribute": True})))
    assert figures(tmp_path)[-1]["val_accuracy"] > 0.9


def test_pytorch_has_no_devices_to_share_a_batch(monkeypatch: pytest.MonkeyPatch) -> None:
    keras = pytest.importorskip("keras", reason="training needs Keras: install vigil[convert]")
    monkeypatch.setattr(keras.backend, "backend", lambda: "torch")
    from convert.training.distribute import use_devices

    with pytest.raises(DistributionError, match="set KERAS_BACKEND=jax or tensorflow"):
        use_devices(make_recipe())


def test_a_batch_that_devices_cannot_share_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    keras = pytest.importorskip("keras", reason="training needs Keras: install vigil[convert]")
    monkeypatch.setattr(keras.backend, "backend", lambda: "jax")
    monkeypatch.setattr(keras.distribution, "list_devices", lambda: ["gpu:0", "gpu:1", "gpu:2"])
    from convert.training.distribute import use_devices

    with pytest.raises(RecipeError, match=r"optimiser\.batch: must be a multiple of the 3 devices, received 8"):
        use_devices(make_recipe())
