from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from edge.errors import ModelError
from edge.inference import load_bundle, runtime
from edge.inference.network import Network, NetworkError, dequantize


@pytest.fixture
def network(models_dir: Path) -> Network:
    return load_bundle(models_dir / "eyes").network("eyes")


def test_dequantize_widens_before_it_subtracts() -> None:
    raw = np.array([-128, 0, 127], dtype=np.int8)
    real = dequantize(raw, {"quantization": (0.5, 100)})
    np.testing.assert_allclose(real, [-114.0, -50.0, 13.5])


def test_output_is_real_and_finite(network: Network) -> None:
    (logits,) = network(np.full(network.shape, 90, np.uint8)).values()
    assert logits.dtype == np.float32
    assert np.isfinite(logits).all()


def test_the_same_pixels_give_the_same_output(network: Network) -> None:
    pixels = np.random.default_rng(0).integers(0, 256, network.shape, dtype=np.uint8)
    np.testing.assert_array_equal(network(pixels)["logits"], network(pixels)["logits"])


@pytest.mark.parametrize("flips_sign", [True, False])
def test_the_input_holds_what_the_table_says(network: Network, flips_sign: bool) -> None:
    pixels = np.random.default_rng(2).integers(0, 256, network.shape, dtype=np.uint8)[:, ::-1]
    assert network._flips_sign
    network._flips_sign = flips_sign
    network.invoke(pixels)
    np.testing.assert_array_equal(network._view().copy(), network._table[pixels])


def test_rows_of_a_batch_are_independent(models_dir: Path, network: Network) -> None:
    bundle = load_bundle(models_dir / "eyes")
    batch = bundle.network("eyes", shape=(4, *network.shape[1:]))
    pixels = np.random.default_rng(1).integers(0, 256, batch.shape, dtype=np.uint8)
    together = batch(pixels)["logits"]
    alone = np.concatenate([network(row[None])["logits"] for row in pixels])
    np.testing.assert_allclose(together, alone, atol=1e-5)


@pytest.mark.parametrize("wrong", [np.zeros((1, 3, 3, 1), np.uint8), np.zeros((1, 24, 24, 1), np.float32)])
def test_wrong_pixels_are_refused(network: Network, wrong: np.ndarray) -> None:
    with pytest.raises(NetworkError, match="expected uint8 pixels of shape"):
        network(wrong)


def test_a_broken_runtime_is_passed_over(monkeypatch: pytest.MonkeyPatch, models_dir: Path) -> None:
    """As tflite-runtime 2.14 beside numpy 2: it imports, and then raises SystemError."""
    bundle = load_bundle(models_dir / "eyes")
    model = bundle.models["eyes"]

    class Broken:
        def __init__(self, **_: object) -> None:
            raise SystemError("built against numpy 1")

    module = type(runtime)("broken_runtime")
    module.Interpreter = Broken  # type: ignore[attr-defined]
    monkeypatch.setitem(__import__("sys").modules, "broken_runtime", module)
    monkeypatch.setattr(runtime, "_chosen", None)
    monkeypatch.setattr(runtime, "RUNTIMES", (("broken", "broken", "broken_runtime"), *runtime.RUNTIMES))
    assert runtime.describe(model).name in {name for name, *_ in runtime.RUNTIMES[1:]}


def test_no_runtime_at_all_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runtime, "_chosen", None)
    monkeypatch.setattr(runtime, "RUNTIMES", (("absent", "absent", "no_such_runtime"),))
    with pytest.raises(ModelError, match="Install ai-edge-litert"):
        runtime.describe(b"")
