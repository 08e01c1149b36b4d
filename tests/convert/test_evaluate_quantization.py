"""The table of what int8 costs."""

from dataclasses import replace
from pathlib import Path

import pytest

from convert.evaluate.quantization import golden_parity, quantization_tables
from edge.inference import load_bundle
from edge.inference.manifest import Conversion, Metrics, OutputParity

NOTHING = {"int8": {"accuracy": 0.9}, "float": None}

PARITY = OutputParity(
    largest_error=0.5,
    mean_error=0.1,
    root_mean_square_error=0.125,
    relative_error=0.03,
    cosine=0.999,
    same_choice=0.985,
)
CONVERSION = Conversion(
    method="post-training",
    calibration_inputs=500,
    checked_inputs=1234,
    int8_bytes=1024,
    float_bytes=4096,
    operations={},
    parity={"logits": PARITY},
)


@pytest.mark.parametrize("name", ["faces", "emotion"])
def test_golden_outputs_are_near_the_float_ones(models_dir: Path, name: str) -> None:
    bundle = load_bundle(models_dir / name)
    for network in bundle.manifest.networks:
        for parity in golden_parity(bundle, network):
            limit = 0.35 if network == "pnet" else 0.25  # its boxes are small numbers, and only where R-Net looks
            assert parity.relative_error < limit, (network, parity.output)


def test_a_recorded_conversion_is_told(models_dir: Path) -> None:
    shipped = load_bundle(models_dir / "eyes")
    metrics = Metrics(
        data="made up",
        n=10,
        int8={"accuracy": 0.9, "per_class": {"open": {"recall": 0.8}}},
        float={"accuracy": 0.95, "per_class": {"open": {"recall": 0.7}}},
    )
    manifest = shipped.manifest.model_copy(update={"conversions": {"eyes": CONVERSION}, "metrics": (metrics,)})
    networks, outputs, figures = quantization_tables(replace(shipped, manifest=manifest), NOTHING)
    assert networks.rows[0][4] == "4"
    assert networks.rows[0][-1] == "post-training"
    assert outputs.rows == (("eyes / logits", "1,234", "0.1250", "3.0%", "0.500", "98.5%"),)
    assert "made up, n = 10" in figures.title
    assert figures.rows == (
        ("accuracy", "0.9000", "0.9500", "-0.0500"),
        ("recall of open", "0.8000", "0.7000", "+0.1000"),
    )


def test_a_bundle_that_does_not_tell_is_judged_by_its_golden_inputs(models_dir: Path) -> None:
    shipped = load_bundle(models_dir / "eyes")
    bare = replace(shipped, manifest=shipped.manifest.model_copy(update={"conversions": {}, "metrics": ()}))
    networks, outputs = quantization_tables(bare, NOTHING)
    assert (networks.rows[0][4], outputs.rows[0][:2]) == ("–", ("eyes / logits", "golden"))


def test_figures_of_these_data_come_first(models_dir: Path) -> None:
    result = {"int8": {"accuracy": 0.9, "found": 7}, "float": {"accuracy": 0.8, "found": 9}}
    *_, figures = quantization_tables(load_bundle(models_dir / "eyes"), result)
    assert figures.rows == (("accuracy", "0.9000", "0.8000", "+0.1000"),), "counts aren't compared"
