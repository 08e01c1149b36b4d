"""Learning from a teacher of faces: what it sees, what the student's cosines become, and a training that goes on."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from pydantic import ValidationError

from convert.data.classes import LabelledImages
from convert.data.framing import WholePicture
from convert.training.augment import make_augment
from convert.training.datasets import UNCHANGED
from convert.training.identity import prepare
from convert.training.identity.pairs import draw_pairs, similarities
from convert.training.identity.prepare import NOBODY, PreparedPeople, prepare_people
from convert.training.identity.recipe import IdentityRecipe
from convert.training.recipe import RecipeError

keras = pytest.importorskip("keras", reason="training needs Keras: install vigil[convert]")

from convert.training.identity.teaching import Lesson, Window, chip_window, crop_window, rotation, teacher_of  # noqa: E402

TABLE: dict[str, Any] = {
    "task": "identity",
    "people": {"least_photos": 1},
    "input": {"size": 16, "train_size": 20, "colour": "rgb"},
    "network": {
        "stem_width": 4,
        "stem_stride": 2,
        "stages": [{"width": 8, "blocks": 1}],
        "pooling": "depthwise",
        "dimensions": 12,
        "dropout": 0.0,
    },
    "loss": {"weight": 0.01},
    "teacher": {"weight": 10.0},
    "optimiser": {"epochs": 3, "batch": 8, "rate": 0.1, "precision": "float32", "average_momentum": 0.5},
    "augment": {"shift": 0.05},
}


def make_recipe(**changes: Any) -> IdentityRecipe:
    return IdentityRecipe.model_validate(TABLE | changes)


def fake_dlib() -> Any:
    """A teacher that answers with ten of the picture's pixels, instead of dlib's 128 numbers."""
    chip = keras.Input((150, 150, 3))
    small = keras.layers.AveragePooling2D(75)(chip)
    answers = keras.layers.Dense(10, kernel_initializer=keras.initializers.RandomNormal(seed=1), use_bias=False)(
        keras.layers.Flatten()(small)
    )
    return keras.Model(chip, answers)


def faces(number: int, side: int, names: int, seed: int) -> LabelledImages:
    """Blurred noise; every third face has no name."""
    rng = np.random.default_rng(seed)
    images = np.stack([cv2.resize(rng.integers(0, 256, (3, 3, 3), np.uint8), (side, side)) for _ in range(number)])
    targets = np.arange(number) % names
    if side > 16:
        targets[::3] = NOBODY
    groups = np.array([f"{seed}/{i}" for i in range(number)])
    return LabelledImages(tuple(map(str, range(names))), images, targets, groups, groups)


def prepared(recipe: IdentityRecipe) -> PreparedPeople:
    augment, plain = (make_augment(table, native_size=recipe.input.train_size) for table in (recipe.augment, UNCHANGED))
    validation = faces(16, 16, 4, seed=1)
    return PreparedPeople(faces(48, 20, 6, seed=0), validation, augment, plain, pairs=draw_pairs(validation.targets))


def test_the_student_sees_the_middle_and_the_teacher_more_of_the_chin() -> None:
    recipe = make_recipe(input={"size": 96, "train_size": 112, "colour": "rgb"})
    assert crop_window(recipe) == Window(left=8, top=8, side=96, canvas=112)
    chip = chip_window(recipe)
    assert chip == Window(left=13, top=25, side=86, canvas=112)
    assert chip.cropping == ((25, 1), (13, 13))


def test_the_middles_of_the_eyes_lie_in_the_chip_as_dlib_has_them() -> None:
    """Of the mean face of ``get_face_chip_details``: the corners of the eyes, with a padding of 0.25 on each side."""
    from edge.vision.crops import IDENTITY_TEMPLATE

    corners = np.array(
        [[(0.1205751, 0.2137275), (0.3340851, 0.2290642)], [(0.6460605, 0.2289674), (0.8595675, 0.2134981)]]
    )
    dlibs = (corners.mean(axis=1) + 0.25) / 1.5
    window = chip_window(make_recipe(input={"size": 960, "train_size": 1120, "colour": "rgb"}))
    ours = (IDENTITY_TEMPLATE[:2] * 960 + 80 - (window.left, window.top)) / window.side
    np.testing.assert_allclose(ours, dlibs, atol=0.003)


def test_pictures_too_small_for_the_teacher_are_refused() -> None:
    with pytest.raises(RecipeError, match=r"must be 110 pixels wide at least, received 98"):
        chip_window(make_recipe(input={"size": 96, "train_size": 98, "colour": "rgb"}))


def test_the_teacher_sees_pixels_from_0_to_255() -> None:
    chip = keras.Input((150, 150, 3))
    teacher = teacher_of(keras.Model(chip, keras.layers.GlobalAveragePooling2D()(chip)), make_recipe())
    grey = np.full((1, 20, 20, 3), (90 - 127.5) / 127.5, np.float32)
    np.testing.assert_allclose(keras.ops.convert_to_numpy(teacher(grey)), np.full((1, 3), 90.0), rtol=1e-4)
    assert teacher.trainable_variables == []


def test_a_rotation_leaves_cosines_alone() -> None:
    turn = rotation(10, 24)
    np.testing.assert_allclose(turn @ turn.T, np.eye(10), atol=1e-6)


def test_a_lesson_costs_nothing_where_the_cosines_are_the_teachers() -> None:
    rng = np.random.default_rng(0)
    taught, mean = rng.normal(size=(6, 10)).astype(np.float32), rng.normal(0, 0.2, 10).astype(np.float32)
    lesson = Lesson(mean, weight=3.0)
    units = taught / np.linalg.norm(taught, axis=1, keepdims=True)
    right = 7 * (units - 0.5 * mean) @ rotation(10, 24)
    np.testing.assert_array_equal(keras.ops.convert_to_numpy(lesson([right, taught])), right)
    assert float(sum(lesson.losses)) == pytest.approx(0, abs=1e-5)
    lesson([-right, taught])
    assert float(lesson.losses[-1]) == pytest.approx(3 * 2, abs=1e-4)


def test_too_few_dimensions_are_refused() -> None:
    with pytest.raises(RecipeError, match=r"network\.dimensions: must be 10 at least"):
        Lesson(np.zeros(10, np.float32), 1.0)([np.zeros((2, 8), np.float32), np.zeros((2, 10), np.float32)])


def test_the_student_comes_near_the_teacher_and_is_kept_without_it(tmp_path: Path) -> None:
    from convert.training.identity.trainee import IdentityTrainee
    from convert.training.loop import Start, train

    recipe = make_recipe(optimiser=TABLE["optimiser"] | {"epochs": 8})
    people = prepared(recipe)
    network = train(IdentityTrainee(recipe, people, fake_dlib), tmp_path, Start(seed=2))
    assert (network.input_shape, network.output_shape) == ((None, 16, 16, 3), (None, 12))
    report = json.loads((tmp_path / "training.json").read_text("utf-8"))
    assert report["train"] == {"people": 4, "photos": 32, "unnamed": 16}
    closeness = [epoch["closeness"] for epoch in report["history"]]
    assert closeness[-1] > 0.5 > closeness[0]
    assert report["same"] == len(people.pairs) // 2


def test_an_interrupted_training_goes_on_to_the_same_network(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from convert.training import loop
    from convert.training.checkpoint import CHECKPOINT_FILE
    from convert.training.identity.trainee import IdentityTrainee

    recipe = make_recipe()
    trainee = IdentityTrainee(recipe, prepared(recipe), fake_dlib)
    # On PyTorch a process' first training ends elsewhere than its next ones, which are all alike.
    loop.train(trainee, tmp_path / "first", loop.Start(seed=3))
    unbroken, broken = tmp_path / "unbroken", tmp_path / "broken"
    broken.mkdir()

    def keep_first(_: Any, epoch: int, logs: dict[str, float]) -> None:
        if epoch == 0:  # its checkpoint is written by then
            shutil.copy(unbroken / CHECKPOINT_FILE, broken)

    with monkeypatch.context() as patched:
        patched.setattr(loop.ProgressBar, "on_epoch_end", keep_first)
        whole = loop.train(trainee, unbroken, loop.Start(seed=3))
    resumed = loop.train(trainee, broken, loop.Start(seed=3, resume=True))
    for first, second in zip(whole.get_weights(), resumed.get_weights(), strict=True):
        np.testing.assert_allclose(first, second, rtol=1e-4, atol=1e-5)


@pytest.fixture
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Eight people with three photos each, two folds of pairs, and three photos without names of two of them."""
    monkeypatch.setattr(prepare, "CentralFace", lambda size, margin: WholePicture(size + 2 * margin))
    monkeypatch.setattr(prepare, "EveryPortrait", lambda size, margin: WholePicture(size + 2 * margin))
    rng = np.random.default_rng(0)
    names = [f"Person_{letter}" for letter in "ABCDEFGH"]
    photos = [f"lfw/{name}/{name}_{number:04}.png" for name in names for number in (1, 2, 3)]
    for photo in [*photos, *(f"mtfl/lfw_5590/{name}_0009.png" for name in names[:2]), "mtfl/net/Person_A9.png"]:
        (tmp_path / photo).parent.mkdir(parents=True, exist_ok=True)
        cv2.imwrite(str(tmp_path / photo), rng.integers(0, 256, (20, 20, 3), np.uint8))
    pairs = ["2 1", "Person_A 1 2", "Person_B 1 Person_C 1", "Person_D 2 3", "Person_E 1 Person_F 1"]
    (tmp_path / "lfw/pairs.txt").write_text("\n".join(pairs).replace(" ", "\t"))
    return tmp_path


FOLD_0 = {"folder": "lfw", "least_photos": 1, "pairs": "pairs.txt", "folds": [0]}


def test_nobody_in_the_tested_folds_trains_named_or_not(data: Path) -> None:
    recipe = make_recipe(people=FOLD_0, teacher={"unlabelled": ["mtfl"]})
    people = prepare_people(recipe, data, seed=0)
    assert set(people.train.labels) == {f"Person_{letter}" for letter in "DEFGH"}
    unnamed = people.train.groups[people.train.targets == NOBODY].tolist()
    assert unnamed == ["net/Person_A9"], "those of lfw_5590 show people of the fold"
    assert people.train.images.shape == (16, 20, 20, 3)
    assert people.validation.images.shape == (4, 16, 16, 3)


def test_the_folds_own_pairs_judge(data: Path) -> None:
    people = prepare_people(make_recipe(people=FOLD_0), data, seed=0)
    photos = [Path(photo).name for photo in people.validation.groups.tolist()]
    pairs = people.pairs
    shown = [(photos[i], photos[j], same) for i, j, same in zip(pairs.first, pairs.second, pairs.same, strict=True)]
    assert shown == [
        ("Person_A_0001.png", "Person_A_0002.png", True),
        ("Person_B_0001.png", "Person_C_0001.png", False),
    ]
    assert len(similarities(np.eye(4, dtype=np.float32), pairs)) == 2


def test_a_fold_that_the_list_lacks_is_named(data: Path) -> None:
    with pytest.raises(RecipeError, match=r"has no fold 2; they count from 0"):
        prepare_people(make_recipe(people=FOLD_0 | {"folds": [0, 2]}), data, seed=0)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"people": {"pairs": "pairs.txt"}}, "pairs and folds go together"),
        ({"people": {"pairs": "p", "folds": [0], "split": "random_frames"}}, "split must be 'groups'"),
        ({"people": {"crop": "none"}}, "crop must be 'faces'"),
        ({"input": {"size": 16, "train_size": 19, "colour": "rgb"}}, "an even margin"),
        ({"input": {"size": 16, "train_size": 20, "colour": "grey"}}, "must be 'rgb'"),
        ({"teacher": None}, "train_size must be input.size, 16"),
    ],
)
def test_recipe_rules(change: dict[str, object], message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        make_recipe(**change)
