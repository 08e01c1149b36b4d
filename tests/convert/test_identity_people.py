"""Folders of people: who trains, who validates, and the pairs that judge."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest
from pydantic import ValidationError

from convert.data.cutting import Picture
from convert.data.errors import DataError
from convert.data.framing import CentralFace, most_central
from convert.data.groups import RANDOM_FRAMES
from convert.data.people import at_most, find_people, listed_names, split_people
from convert.training.identity.pairs import draw_pairs, pair_figures, similarities, strict_threshold
from convert.training.identity.prepare import prepare_people
from convert.training.identity.recipe import IdentityRecipe, read_identity_recipe
from edge.values import Box, Face

RECIPE = Path(__file__).parents[2] / "convert" / "recipes" / "identity.toml"
NAMES = [f"Person_{number:02}" for number in range(20)]


@pytest.fixture
def people(tmp_path: Path) -> Path:
    """Twenty people with four pictures each, and one with a single one."""
    rng = np.random.default_rng(0)
    for name, number in [*((name, 4) for name in NAMES), ("Alone", 1)]:
        (tmp_path / name).mkdir()
        for index in range(number):
            picture = rng.integers(0, 256, (20, 20, 3), np.uint8)
            cv2.imwrite(str(tmp_path / name / f"{name}_{index + 1:04}.png"), picture)
    (tmp_path / "pairs.txt").write_text("nothing to look at")
    return tmp_path


@pytest.fixture
def table() -> dict[str, object]:
    return {
        "task": "identity",
        "people": {"crop": "none", "held_out_share": 0.2},
        "input": {"size": 16, "train_size": 16, "colour": "rgb"},
        "network": {"stem_width": 4, "stages": [{"width": 4, "blocks": 1}], "dimensions": 8},
        "optimiser": {"epochs": 1, "batch": 8, "rate": 0.1},
    }


def test_nobody_trains_who_validates(people: Path) -> None:
    split = split_people(find_people(people, least_photos=2), share=0.2)
    trained, judged = ({picture.group for picture in part} for part in (split.train, split.validation))
    assert trained.isdisjoint(judged)
    assert trained | judged == set(NAMES)
    assert 2 <= len(judged) <= 8
    assert split.names == sorted(trained)


def test_the_papers_split_takes_photos_of_everybody(people: Path) -> None:
    split = split_people(find_people(people), share=0.25, rule=RANDOM_FRAMES, seed=3)
    assert {picture.group for picture in split.train} == {*NAMES, "Alone"}, "nobody validates only"
    assert len(split.validation) == 20


def test_two_validate_whatever_the_share(people: Path) -> None:
    split = split_people(find_people(people), share=1e-6)
    assert len({picture.group for picture in split.validation}) == 2


def test_people_with_few_photos_and_those_listed_are_left_out(people: Path) -> None:
    listing = people / "peopleDevTest.txt"
    listing.write_text("1\nPerson_03\t4\n")
    found = find_people(people, least_photos=2, without=listed_names(listing))
    assert set(found) == set(NAMES) - {"Person_03"}
    with pytest.raises(DataError, match="received 0 such of 21"):
        find_people(people, least_photos=5)


def test_a_folder_without_people_is_named(tmp_path: Path) -> None:
    cv2.imwrite(str(tmp_path / "a.png"), np.zeros((4, 4, 3), np.uint8))
    with pytest.raises(DataError, match="expected a folder for each person"):
        find_people(tmp_path)


def test_at_most_takes_whole_people() -> None:
    pictures = [Picture(Path(f"{name}{i}"), name, name) for name in "abcd" for i in range(5)]
    chosen = at_most(pictures, photos=7, each=3)
    assert len(chosen) == 6
    assert {sum(picture.label == name for picture in chosen) for name in "abcd"} == {0, 3}


def test_pairs_are_all_of_one_person_and_as_many_of_two() -> None:
    people = np.array([0, 0, 0, 1, 1, 2])
    pairs = draw_pairs(people, seed=0)
    same = {tuple(sorted(pair)) for pair in zip(pairs.first[pairs.same], pairs.second[pairs.same], strict=True)}
    assert same == {(0, 1), (0, 2), (1, 2), (3, 4)}
    assert pairs.same.sum() == (~pairs.same).sum() == 4
    assert (people[pairs.first[~pairs.same]] != people[pairs.second[~pairs.same]]).all()
    assert len(draw_pairs(people, seed=0, most=2)) == 4


def test_figures_of_embeddings_that_tell_everybody_apart() -> None:
    people = np.repeat(np.arange(10), 3)
    embeddings = np.eye(10, dtype=np.float32)[people] * 7
    pairs = draw_pairs(people, seed=1)
    np.testing.assert_allclose(similarities(embeddings, pairs), pairs.same.astype(float))
    figures = pair_figures(embeddings, pairs)
    assert (figures["accuracy"], figures["auc"], figures["equal_error"]) == (1.0, 1.0, 0.0)


def test_a_strict_threshold_is_that_of_all_strangers() -> None:
    angles = np.deg2rad([0, 1, 30, 70, 180])
    embeddings = 5 * np.stack([np.cos(angles), np.sin(angles)], axis=1).astype(np.float32)
    people = np.array([0, 0, 1, 2, 3])
    # Nine pairs of strangers, the nearest 29, 30 and 40 degrees apart.
    assert strict_threshold(embeddings, people, far=0.12) == pytest.approx(np.cos(np.deg2rad(30)), abs=1e-6)
    assert strict_threshold(embeddings, people, far=0.001) == pytest.approx(np.cos(np.deg2rad(29)), abs=1e-6)


def test_crops_are_prepared(people: Path, table: dict[str, object]) -> None:
    table["people"] = {"crop": "none", "held_out_share": 0.2, "least_photos": 2}
    prepared = prepare_people(IdentityRecipe.model_validate(table), people, seed=0)
    assert prepared.train.images.shape[1:] == (16, 16, 3)
    assert set(prepared.train.groups).isdisjoint(prepared.validation.groups)
    assert prepared.train.labels[int(prepared.train.targets[0])] == prepared.train.groups[0]
    few = prepare_people(IdentityRecipe.model_validate(table), people, seed=0, most=10)
    assert len(few.train) == 10


def test_without_two_photos_of_anybody_there_are_no_pairs(people: Path, table: dict[str, object]) -> None:
    for picture in people.glob("*/*.png"):
        if not picture.stem.endswith("1"):
            picture.unlink()
    table["people"] = {"crop": "none", "least_photos": 1}
    with pytest.raises(DataError, match="nobody who validates has two photos"):
        prepare_people(IdentityRecipe.model_validate(table), people, seed=0)


def test_the_most_central_face() -> None:
    faces = [Face(Box(x, 0, x + 10, 10), 0.9, ((0, 0),) * 5) for x in (0, 45, 80)]
    assert most_central(faces, np.zeros((10, 100, 3), np.uint8)) is faces[1]


def test_a_picture_without_a_face_gives_nothing() -> None:
    assert CentralFace(112).canvases(np.full((60, 60, 3), 128, np.uint8)) == []


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"input": {"size": 16, "train_size": 12, "colour": "rgb"}}, "train_size must be input.size, 16"),
        ({"optimiser": {"epochs": 1, "batch": 8, "rate": 0.1, "label_smoothing": 0.1}}, "label_smoothing"),
        ({"loss": {"margin": 2}}, "less than 1.57"),
        ({"people": {"crop": "hands"}}, "people.crop"),
    ],
)
def test_recipe_rules(table: dict[str, object], change: dict[str, object], message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        IdentityRecipe.model_validate(table | change)


def test_the_shipped_recipe_is_arcfaces_with_a_teacher() -> None:
    recipe = read_identity_recipe(RECIPE)
    assert (recipe.network.dimensions, recipe.loss.margin, recipe.loss.scale) == (512, 0.5, 64)
    assert (recipe.optimiser.rate, recipe.optimiser.momentum) == (0.1, 0.9)
    assert recipe.people.split == "groups"
    assert recipe.teacher is not None
