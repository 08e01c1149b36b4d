"""The import's parts that need no Keras: pictures, cards, and what a configuration may hold."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from convert.data.errors import DataError
from convert.importing.errors import ForeignNetworkError
from convert.importing.keras_config import check_config
from convert.importing.photos import MAX_PHOTOS, MIN_CROPS, read_crops, read_photos

FILE = Path("network.keras")


def pictures(folder: Path, n: int, value: int | None = None) -> Path:
    folder.mkdir(exist_ok=True)
    random = np.random.default_rng(0)
    for number in range(n):
        image = random.integers(0, 256, (6, 8, 3), np.uint8) if value is None else np.full((6, 8, 3), value, np.uint8)
        cv2.imwrite(str(folder / f"{number:03}.png"), image)
    return folder


def test_crops_have_the_networks_size_and_colour(tmp_path: Path) -> None:
    folder = pictures(tmp_path / "crops", MIN_CROPS)
    assert read_crops(folder, 12, "grey").shape == (MIN_CROPS, 12, 12, 1)
    assert read_crops(folder, 12, "rgb").shape == (MIN_CROPS, 12, 12, 3)


def test_photos_are_spread_over_the_whole_folder(tmp_path: Path) -> None:
    folder = pictures(tmp_path / "photos", 2 * MAX_PHOTOS)
    assert sum(1 for _ in read_photos(folder)) == MAX_PHOTOS


@pytest.mark.parametrize(
    ("n", "value", "message"),
    [(0, None, "found none"), (3, None, "at least 20 pictures, received 3"), (MIN_CROPS, 0, "every pixel of all 20")],
)
def test_pictures_that_set_no_ranges_are_refused(tmp_path: Path, n: int, value: int | None, message: str) -> None:
    with pytest.raises(DataError, match=message):
        read_crops(pictures(tmp_path / "crops", n, value), 12, "grey")


def test_a_damaged_picture_is_named(tmp_path: Path) -> None:
    folder = pictures(tmp_path / "crops", MIN_CROPS)
    (folder / "000.png").write_bytes(b"no picture")
    with pytest.raises(DataError, match=r"000\.png"):
        read_crops(folder, 12, "grey")


def layer(class_name: str, **more: Any) -> dict[str, Any]:
    return {"class_name": class_name, "config": {"name": "x"}, **more}


def network(*layers: Any, **more: Any) -> dict[str, Any]:
    return {"class_name": "Sequential", "module": "keras", "config": {"layers": list(layers)}, **more}


@pytest.mark.parametrize(
    "config",
    [
        network(layer("Conv2D"), layer("Dense")),
        network(layer("Conv2D", module="keras.layers", registered_name=None)),
        network(layer("Conv2D", module="keras.layers", registered_name="Conv2D")),
        network({"class_name": "Dense", "config": {"kernel_initializer": layer("GlorotUniform", module="keras")}}),
        network(network(layer("PReLU"))),
        network(layer("Dense"), compile_config={"optimizer": layer("Adam", module="keras.optimizers")}),
    ],
    ids=["no modules", "module", "registered", "part", "nested", "how it was trained"],
)
def test_known_layers_are_taken(config: dict[str, Any]) -> None:
    check_config(config, FILE)


@pytest.mark.parametrize(
    ("config", "message"),
    [
        (network(layer("Lambda")), "'Lambda'"),
        (network(network(layer("Lambda"))), "'Lambda'"),
        (network(layer("Dense", module="os")), "'Dense' of os"),
        (network(layer("Dense", module="kerasx.layers")), "'Dense' of kerasx.layers"),
        (network(layer("Dense", registered_name="package>Dense")), "'Dense'"),
        (network({"class_name": "Dense", "config": {"activation": layer("function", module="builtins")}}), "builtins"),
        (network(layer("TorchModuleWrapper", module="keras.layers")), "'TorchModuleWrapper'"),
        (network({"class_name": ["Dense"], "config": {}}), "Dense"),
        ({"config": {}}, "describes no network"),
        ([], "describes no network"),
    ],
    ids=[
        "code",
        "code in a network in a network",
        "another module",
        "a module that begins alike",
        "another registration",
        "a function",
        "a pickle",
        "no name",
        "no class",
        "no object",
    ],
)
def test_anything_else_is_refused(config: Any, message: str) -> None:
    with pytest.raises(ForeignNetworkError, match=message):
        check_config(config, FILE)
