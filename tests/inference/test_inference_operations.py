"""What the shipped files compute, as this device's runtime tells it."""

from __future__ import annotations

from pathlib import Path

import pytest

from edge.inference import load_bundle, runtime
from edge.inference.operations import OperationsUnknownError, count_macs, operations
from edge.inference.runtime import Runtime

TASKS = ("faces", "hands", "emotion", "eyes", "gesture")


@pytest.mark.parametrize("task", TASKS)
def test_every_shipped_operation_is_xnnpacks_and_counted(models_dir: Path, task: str) -> None:
    bundle = load_bundle(models_dir / task)
    for name, spec in bundle.manifest.networks.items():
        assert all(operation.delegated for operation in operations(bundle.models[name]))
        assert count_macs(bundle.models[name]) == spec.macs


def test_macs_of_another_shape(models_dir: Path) -> None:
    """P-Net on a level with 10 × 10 windows, counted by the paper's layers; the first one sees squares of pixels."""
    pnet = load_bundle(models_dir / "faces").models["pnet"]
    rows = 14, 12, 10  # of the first convolution (four answers each), the second and the third
    by_hand = rows[0] ** 2 * 40 * 48 + rows[1] ** 2 * 16 * 90 + rows[2] ** 2 * (32 * 144 + 6 * 32)
    assert count_macs(pnet, (1, 30, 30, 3)) == by_hand
    assert count_macs(pnet, (2, 30, 30, 3)) == 2 * by_hand


def test_a_runtime_that_does_not_tell(monkeypatch: pytest.MonkeyPatch, models_dir: Path) -> None:
    eyes = load_bundle(models_dir / "eyes").models["eyes"]

    class Silent:
        def __init__(self, **_: object) -> None:
            pass

        def allocate_tensors(self) -> None:
            pass

    monkeypatch.setattr(runtime, "_chosen", Runtime("silent", "1", Silent))
    with pytest.raises(OperationsUnknownError, match="doesn't tell its operations"):
        operations(eyes)
    with pytest.raises(OperationsUnknownError, match="without its delegate"):
        count_macs(eyes)
