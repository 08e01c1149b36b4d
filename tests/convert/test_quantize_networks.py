"""Every kind of network that ships: the int8 file against its Keras network, by output name.

The conversion runs in a process of its own, since Keras has one backend a process.
"""

import json
from pathlib import Path

import numpy as np
import pytest
from keras_process import finish, start

pytest.importorskip("tensorflow", reason="the convert extra is not installed")

from edge.inference.manifest import InputSpec, NetworkSpec
from edge.inference.network import Network
from edge.inference.operations import operations

WORKER = Path(__file__).with_name("quantize_worker.py")
NETWORKS = ("pnet", "rnet", "onet", "gesture", "detector", "slopes")
MAX_RELATIVE_ERROR = 0.2  # untrained networks spread less than trained ones


@pytest.fixture(scope="module")
def converted(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("converted")
    finish(start(WORKER, folder))
    return folder


def facts(folder: Path, name: str) -> dict:
    return json.loads((folder / f"{name}.json").read_text())


def network(folder: Path, name: str, shape: tuple[int, int, int, int] | None = None) -> Network:
    known = facts(folder, name)
    spec = NetworkSpec(
        file=f"{name}.tflite",
        sha256="0" * 64,
        input=InputSpec(**known["input"]),
        outputs=known["outputs"],
        macs=known["macs"],
    )
    return Network((folder / f"{name}.tflite").read_bytes(), spec, shape=shape)


@pytest.mark.parametrize("name", NETWORKS)
def test_each_output_has_its_own_name(converted: Path, name: str) -> None:
    """A mix-up of two outputs of equal shape would pass every shape check; their values tell."""
    reference = np.load(converted / f"{name}.npz")
    run = network(converted, name)
    found = [run(pixels[None]) for pixels in reference["pixels"]]
    for output in facts(converted, name)["outputs"]:
        values = np.concatenate([result[output] for result in found])
        expected = reference[output]
        assert values.shape == expected.shape
        assert np.sqrt(np.mean((values - expected) ** 2)) < MAX_RELATIVE_ERROR * expected.std()


@pytest.mark.parametrize("name", ["rnet", "onet", "gesture", "slopes"])
@pytest.mark.parametrize("batch", [2, 8, 32])
def test_batches_give_what_single_inputs_give(converted: Path, name: str, batch: int) -> None:
    pixels = np.load(converted / f"{name}.npz")["pixels"][:batch]
    together = network(converted, name, shape=(batch, *pixels.shape[1:]))(pixels)
    alone = network(converted, name)
    singles = [alone(image[None]) for image in pixels]
    for output, values in together.items():
        assert values.shape[0] == batch
        np.testing.assert_array_equal(values, np.concatenate([single[output] for single in singles]))


def test_pnet_slides_over_a_canvas(converted: Path) -> None:
    """Output [i, j] of a canvas is the output of the 12×12 window at (2 j, 2 i)."""
    canvas = np.random.default_rng(0).integers(0, 256, (1, 40, 60, 3), np.uint8)
    maps = network(converted, "pnet", shape=(1, 40, 60, 3))(canvas)
    assert {name: values.shape for name, values in maps.items()} == {
        "face": (1, 15, 25, 2),
        "box": (1, 15, 25, 4),
        "landmarks": (1, 15, 25, 10),
    }
    window = network(converted, "pnet")
    for row, column in ((0, 0), (3, 7), (14, 24)):
        cut = canvas[:, 2 * row : 2 * row + 12, 2 * column : 2 * column + 12]
        for name, values in window(np.ascontiguousarray(cut)).items():
            np.testing.assert_array_equal(maps[name][:, row, column], values[:, 0, 0])


def test_the_detector_sees_images_of_any_size(converted: Path) -> None:
    """Far from what was added, a larger canvas gives what a smaller one gives."""
    canvas = np.random.default_rng(0).integers(0, 256, (1, 512, 640, 3), np.uint8)
    whole = network(converted, "detector", shape=(1, 512, 640, 3))(canvas)
    part = network(converted, "detector", shape=(1, 448, 640, 3))(np.ascontiguousarray(canvas[:, :448]))
    assert {name: values.shape for name, values in whole.items()} == {"heat": (1, 64, 80, 1), "box": (1, 64, 80, 4)}
    for name, values in part.items():
        np.testing.assert_array_equal(values[:, :20], whole[name][:, :20])


@pytest.mark.parametrize(
    ("name", "shape"),
    [
        ("pnet", (1, 12, 12, 3)),
        ("pnet", (1, 120, 200, 3)),
        ("rnet", (1, 24, 24, 3)),
        ("rnet", (16, 24, 24, 3)),
        ("onet", (1, 48, 48, 3)),
        ("onet", (8, 48, 48, 3)),
        ("gesture", (4, 16, 16, 1)),
        ("detector", (1, 64, 96, 3)),
        ("detector", (1, 96, 224, 3)),
        ("slopes", (1, 24, 24, 3)),
        ("slopes", (8, 24, 24, 3)),
    ],
)
def test_xnnpack_runs_every_operation(converted: Path, name: str, shape: tuple[int, int, int, int]) -> None:
    found = operations((converted / f"{name}.tflite").read_bytes(), shape)
    assert [operation.name for operation in found if not operation.delegated] == []


def test_an_operation_without_kernel_is_found(converted: Path) -> None:
    assert json.loads((converted / "softmax.json").read_text()) == ["SOFTMAX"]


@pytest.mark.parametrize(
    ("name", "first", "outputs"),
    [
        ("pnet", ["SPACE_TO_DEPTH", "CONV_2D", "DEPTH_TO_SPACE"], ["box", "face"]),
        ("rnet", ["RESHAPE", "CONV_2D", "RESHAPE"], ["box", "face"]),
        ("slopes", ["RESHAPE", "CONV_2D", "RESHAPE"], ["box", "face"]),
        ("detector", ["SPACE_TO_DEPTH", "CONV_2D", "CONV_2D"], ["box", "heat"]),
    ],
)
def test_a_lighter_file_gives_the_same_answers(
    converted: Path, name: str, first: list[str], outputs: list[str]
) -> None:
    lightened = json.loads((converted / "lightened.json").read_text())[name]
    expected = {"unchanged": False, "outputs": outputs, "same": True, "operations": first, "slow": []}
    assert lightened == expected


def test_a_first_convolution_of_another_kind_stays(converted: Path) -> None:
    """A classifier's pads all around, and has an activation."""
    assert json.loads((converted / "lightened.json").read_text())["gesture"]["unchanged"]


@pytest.mark.parametrize(
    ("name", "macs", "count"),
    [
        # Output positions × window × channels in × channels out, layer by layer.
        # The cascade's first convolutions: for each pair of positions 3×2×6, for each square of four 2×2×12.
        ("pnet", 5 * 5 * 48 * 40 + 3 * 3 * 90 * 16 + 1 * 144 * 32 + 32 * 16, "a window"),
        ("rnet", 22 * 11 * 36 * 56 + 9**2 * 252 * 48 + 3**2 * 192 * 64 + 576 * 128 + 128 * 16, "a crop"),
        (
            "onet",
            46 * 23 * 36 * 64 + 12**2 * 288 * 64 + 8**2 * 576 * 64 + 9 * 256 * 128 + 1152 * 256 + 256 * 16,
            "a crop",
        ),
        ("gesture", 16**2 * 9 * 8 + 2 * 16**2 * 72 * 8 + 8**2 * (72 * 16 + 144 * 16 + 8 * 16) + 16 * 3, "a crop"),
    ],
)
def test_macs_are_counted(converted: Path, name: str, macs: int, count: str) -> None:
    assert facts(converted, name)["macs"] == macs, count


@pytest.mark.parametrize("name", NETWORKS)
def test_rewriting_changes_no_output(converted: Path, name: str) -> None:
    assert facts(converted, name)["rewriting_error"] < 1e-4


def test_a_softmax_at_the_end_is_left_out(converted: Path) -> None:
    """Logits are no probabilities: they may be negative and sum to anything."""
    face = np.load(converted / "slopes.npz")["face"]
    assert not np.allclose(face.sum(axis=1), 1)


@pytest.mark.parametrize("name", NETWORKS)
def test_every_grey_level_reaches_the_network(converted: Path, name: str) -> None:
    assert network(converted, name)._table.tolist() == list(range(-128, 128))


def test_the_report_names_size_work_time_and_parity(converted: Path) -> None:
    report = facts(converted, "onet")["report"]
    lines = [line.split() for line in report.splitlines()]
    assert " ".join(lines[0]) == "network input MMAC int8 KiB float KiB int8 ms float ms made by"
    assert lines[1][:3] == ["onet", "48×48×3", "8.05"]
    assert lines[1][-1] == "calibration"
    assert [line[0] for line in lines if line and line[0].startswith("onet/")] == [
        *(f"onet/{name}" for name in facts(converted, "onet")["outputs"]),
        *(f"onet/{name}" for name in ("CONV_2D", "LEAKY_RELU", "MAX_POOL_2D", "MEAN", "RESHAPE")),
    ]


def test_the_manifest_records_what_int8_costs(converted: Path) -> None:
    record = facts(converted, "onet")["conversion"]
    assert record["method"] == "post-training"
    assert (record["calibration_inputs"], record["checked_inputs"]) == (64, 32)
    assert record["slow_operations"] == {}
    assert record["int8_bytes"] == (converted / "onet.tflite").stat().st_size < record["float_bytes"] / 3
    assert 0.9 < record["parity"]["face"]["cosine"] <= 1
    assert record["parity"]["face"]["mean_error"] < record["parity"]["face"]["largest_error"]


@pytest.mark.parametrize("name", NETWORKS)
def test_training_sees_as_much_noise_as_the_device_adds(converted: Path, name: str) -> None:
    """Not the same: sums at the border between two levels fall either way, and do so anew in every layer."""
    assert 0.7 < facts(converted, name)["noise_in_training"] < 1.4


@pytest.mark.parametrize(
    ("case", "words"),
    [
        ("by_position", ["slopes", "one slope", "(6, 6, 4)", "differ by position"]),
        ("vector", ["vector_slopes", "need a map", "(None, 4)"]),
        ("layer_after_flatten", ["fold", "Dense", "Reshape"]),
        ("flat_output", ["bend", "flattened map"]),
    ],
)
def test_layers_without_equivalent_are_refused(converted: Path, case: str, words: list[str]) -> None:
    message = facts(converted, "refusals")[case]
    assert all(word in message for word in words), message
