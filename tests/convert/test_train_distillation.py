"""Teachers: what they make of the targets, of photos without labels, and what is refused."""

from __future__ import annotations

from dataclasses import replace
from importlib import resources
from pathlib import Path

import cv2
import numpy as np
import pytest
from train_samples import CROPS, make_prepared, make_recipe

from convert.data.classes import LabelledImages
from convert.training.recipe import RecipeError, TeacherTable

pytest.importorskip("keras", reason="training needs Keras: install vigil[convert]")

from convert.training import distillation
from convert.training.loop import Start, train_classifier


@pytest.fixture(scope="module")
def teacher(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A finished training."""
    out = tmp_path_factory.mktemp("teacher")
    recipe = make_recipe(epochs=2)
    train_classifier(recipe, make_prepared(recipe), out, Start())
    return out


def recipe_with(task: str = "eyes", **teacher: object):
    table = TeacherTable.model_validate(teacher)
    return make_recipe(epochs=1).model_copy(update={"teacher": table, "task": task})


def test_targets_are_labels_and_teachers_by_weight(teacher: Path, tmp_path: Path) -> None:
    recipe = recipe_with(weight=0.25)
    prepared = make_prepared(recipe)
    both = distillation.taught(prepared, recipe, tmp_path, [teacher, teacher])
    assert both.soft_targets is not None
    assert both.soft_targets.shape == (CROPS, 2)
    assert np.allclose(both.soft_targets.sum(axis=1), 1, atol=1e-5)
    assert (both.soft_targets[np.arange(CROPS), prepared.train.targets] > 0.75).all()
    alone = distillation.taught(prepared, recipe_with(weight=1.0), tmp_path, [teacher])
    right = np.eye(2)[prepared.train.targets]
    assert alone.soft_targets is not None
    assert np.allclose(both.soft_targets, 0.75 * right + 0.25 * alone.soft_targets, atol=1e-5)


def test_photos_without_labels_are_taught_and_drawn(teacher: Path, tmp_path: Path, monkeypatch) -> None:
    noise = np.random.default_rng(1).integers(0, 255, (5, 12, 12, 1), dtype=np.uint8)

    def found(folder: Path, labels: tuple[str, ...], size: int, colour: str) -> LabelledImages:
        assert (folder, size, colour) == (tmp_path / "photos", 12, "grey")
        names = np.array([f"photo{index}" for index in range(5)])
        return LabelledImages(labels, noise, np.zeros(5, np.int64), names, np.full(5, "photos"))

    monkeypatch.setattr(distillation, "_faces_below", found)
    recipe = recipe_with("emotion", weight=0.5, unlabelled=["photos"])
    prepared = distillation.taught(make_prepared(recipe), recipe, tmp_path, [teacher])
    assert len(prepared.train) == CROPS + 5
    assert prepared.soft_targets is not None
    assert (prepared.train.targets[CROPS:] == prepared.soft_targets[CROPS:].argmax(axis=1)).all()
    assert prepared.weights is not None
    assert prepared.weights.shape == (CROPS + 5,)
    assert len(prepared.validation) == CROPS


def test_every_face_of_a_photo_is_found_as_the_device_finds_it(demo_photo: Path) -> None:
    found = distillation._faces_below(demo_photo.parent, ("angry", "happy"), 48, "grey")
    assert found.images.shape == (2, 48, 48, 1)


def test_a_taught_network_trains_and_its_checkpoint_knows_the_targets(teacher: Path, tmp_path: Path) -> None:
    recipe = recipe_with(weight=0.5)
    prepared = distillation.taught(make_prepared(recipe), recipe, tmp_path, [teacher])
    train_classifier(recipe, prepared, tmp_path / "out", Start())
    assert prepared.soft_targets is not None
    other = replace(prepared, soft_targets=prepared.soft_targets[::-1].copy())
    with pytest.raises(RecipeError, match="data was"):
        train_classifier(recipe, other, tmp_path / "out", Start(resume=True))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"teacher": None}, r"needs the recipe's table \[teacher\]"),
        ({"labels": ("closed", "open", "squinting")}, r"must take crops \(12, 12, 1\) and give 3 classes .* 2$"),
        ({"teacher": TeacherTable(unlabelled=("photos",))}, "searched for faces as the task emotion sees them"),
    ],
)
def test_what_does_not_fit_is_refused(teacher: Path, tmp_path: Path, change: dict, message: str) -> None:
    recipe = make_recipe().model_copy(update={"teacher": TeacherTable()} | change)
    with pytest.raises(RecipeError, match=message):
        distillation.taught(make_prepared(make_recipe()), recipe, tmp_path, [teacher])


def test_a_folder_without_a_network_is_no_teacher(tmp_path: Path) -> None:
    with pytest.raises(RecipeError, match="no network of a finished training"):
        distillation.taught(make_prepared(make_recipe()), recipe_with(), tmp_path, [tmp_path])


@pytest.fixture
def demo_photo(tmp_path: Path) -> Path:
    """The demo's portrait twice, beside itself."""
    portrait = resources.files("edge.camera.demo").joinpath("astronaut.jpg").read_bytes()
    image = cv2.imdecode(np.frombuffer(portrait, np.uint8), cv2.IMREAD_COLOR)
    file = tmp_path / "photos" / "two.png"
    file.parent.mkdir()
    cv2.imwrite(str(file), np.hstack([image, image]))
    return file
