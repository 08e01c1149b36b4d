"""Teachers: what they make of the targets, of photos without labels, and what is refused."""

from __future__ import annotations

import json
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

from convert.training import distillation, teaching
from convert.training.finished import load_finished
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
    train_classifier(recipe, prepared, tmp_path / "out", Start(), [teacher, teacher])
    assert json.loads((tmp_path / "out" / "training.json").read_text("utf-8"))["teachers"] == 2
    assert prepared.soft_targets is not None
    other = replace(prepared, soft_targets=prepared.soft_targets[::-1].copy())
    with pytest.raises(RecipeError, match="data was"):
        train_classifier(recipe, other, tmp_path / "out", Start(resume=True))


def test_teachers_that_see_the_augmented_crops_leave_their_part_to_the_batches(
    teacher: Path, tmp_path: Path, monkeypatch
) -> None:
    photos = replace(make_prepared(make_recipe()).train.take(np.arange(5)), sources=np.full(5, "photos"))
    monkeypatch.setattr(distillation, "_faces_below", lambda *arguments: photos)
    recipe = recipe_with("emotion", weight=0.25, sees="augmented", unlabelled=["photos"])
    prepared = distillation.taught(make_prepared(recipe), recipe, tmp_path, [teacher])
    assert prepared.soft_targets is not None
    assert np.allclose(prepared.soft_targets[:CROPS], 0.75 * np.eye(2)[prepared.train.targets[:CROPS]])
    assert not prepared.soft_targets[CROPS:].any()


def test_a_network_learns_beside_its_teachers(teacher: Path, tmp_path: Path) -> None:
    table = {"size": 8, "margin": 2, "train_size": 12}
    recipe = recipe_with(weight=1.0, sees="augmented")
    recipe = recipe.model_copy(
        update={
            "input": recipe.input.model_copy(update=table),
            "optimiser": recipe.optimiser.model_copy(update={"epochs": 6}),
        }
    )
    prepared = distillation.taught(make_prepared(recipe), recipe, tmp_path, [teacher, teacher])
    judged = replace(prepared.validation, images=prepared.validation.images[:, 2:10, 2:10])
    prepared = replace(prepared, validation=judged)
    network = train_classifier(recipe, prepared, tmp_path / "out", Start(), [teacher, teacher])
    assert network.input_shape == (None, 8, 8, 1)
    assert len(network.get_weights()) == len(load_finished(teacher, "--teacher").get_weights())
    answers = load_finished(teacher, "--teacher").predict(
        normalised(make_prepared(recipe).validation.images), verbose=0
    )
    learned = network.predict(normalised(judged.images), verbose=0)
    assert (learned.argmax(axis=1) == answers.argmax(axis=1)).mean() > 0.9
    with pytest.raises(RecipeError, match="teachers was"):
        train_classifier(recipe, prepared, tmp_path / "out", Start(resume=True), [teacher])


def test_what_a_row_of_the_targets_lacks_is_the_teachers() -> None:
    targets = np.array([[0.6, 0.0], [0.0, 0.0], [0.0, 1.0]], np.float32)
    logits, answers = np.array([[1, -1]] * 3, np.float32), np.array([[0.25, 0.75]] * 3, np.float32)
    prediction = np.concatenate([logits, answers], axis=1)
    wanted = np.array([[0.7, 0.3], [0.25, 0.75], [0, 1]])
    assert np.allclose(teaching.completed(targets, prediction), wanted, atol=1e-6)
    likely = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    loss = teaching.TaughtCrossEntropy(0.0)(targets, prediction)
    assert np.isclose(float(loss), -(wanted * np.log(likely)).sum(axis=1).mean(), atol=1e-5)


def test_canvases_show_all_that_a_teacher_sees(teacher: Path, tmp_path: Path) -> None:
    recipe = recipe_with(sees="augmented")
    with pytest.raises(RecipeError, match=r"input.train_size: the teacher .* sees crops of 12 pixels.* received 10"):
        train_classifier(recipe, make_prepared(recipe), tmp_path / "out", Start(), [teacher])


def normalised(pixels: np.ndarray) -> np.ndarray:
    table = make_recipe().input
    return (pixels.astype(np.float32) - table.mean) * table.scale


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"teacher": None}, r"needs the recipe's table \[teacher\]"),
        (
            {"labels": ("closed", "open", "squinting")},
            r"must take crops \(12, 12, 1\), its margin included, and give 3 classes .* 2$",
        ),
        ({"teacher": TeacherTable(unlabelled=("photos",))}, "searched for faces as the task emotion sees them"),
    ],
)
def test_what_does_not_fit_is_refused(teacher: Path, tmp_path: Path, change: dict, message: str) -> None:
    recipe = make_recipe().model_copy(update={"teacher": TeacherTable()} | change)
    with pytest.raises(RecipeError, match=message):
        distillation.taught(make_prepared(make_recipe()), recipe, tmp_path, [teacher])


def test_a_teacher_of_the_middle_teaches_one_of_the_whole(tmp_path: Path) -> None:
    whole = recipe_with(weight=1.0)
    table = whole.input.model_copy(update={"size": 8, "margin": 2})
    changes = {"teacher": None, "task": "emotion", "dataset": "fer2013", "input": table}
    middle = whole.model_copy(update=changes)
    prepared = make_prepared(middle)
    judged = replace(prepared.validation, images=prepared.validation.images[:, 2:10, 2:10])
    network = train_classifier(middle, replace(prepared, validation=judged), tmp_path / "middle", Start())
    assert network.input_shape == (None, 8, 8, 1)
    prepared = make_prepared(whole)
    taught = distillation.taught(prepared, whole, tmp_path, [tmp_path / "middle"])
    seen = (prepared.train.images[:, 2:10, 2:10].astype(np.float32) - whole.input.mean) * whole.input.scale
    mirrored = np.ascontiguousarray(seen[:, :, ::-1])
    powers = [np.exp(np.asarray(network.predict(view, verbose=0))) for view in (seen, mirrored)]
    expected = np.mean([each / each.sum(axis=1, keepdims=True) for each in powers], axis=0)
    assert np.allclose(taught.soft_targets, expected, atol=1e-5)


def test_a_teacher_whose_recipe_is_lost_is_refused(teacher: Path, tmp_path: Path) -> None:
    folder = tmp_path / "copy"
    folder.mkdir()
    (folder / "network.keras").write_bytes((teacher / "network.keras").read_bytes())
    (folder / "training.json").write_text('{"recipe": {"task": "eyes"}}')
    with pytest.raises(RecipeError, match=r"must tell by which recipe .*input: Field required"):
        distillation.taught(make_prepared(make_recipe()), recipe_with(), tmp_path, [folder])


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
