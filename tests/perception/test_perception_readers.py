"""Readers: what they feed their network, and what they make of its logits."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from perception_fakes import FakeBundle, fake_bundle, frontal

from edge.inference.bundle import BundleError
from edge.perception.classifier import Classifier, Reading, softmax
from edge.perception.emotion import EmotionReader
from edge.perception.eyes import MIN_EYE_DISTANCE_PX, EyeReader, judgeable
from edge.perception.gesture import GestureReader
from edge.values import Box, Eyes, Hand

IMAGE = np.full((300, 300, 3), 128, np.uint8)


@given(st.lists(st.floats(-200, 200, width=32), min_size=2, max_size=8))
def test_softmax_is_a_distribution_in_the_logits_order(logits: list[float]) -> None:
    (row,) = softmax(np.array([logits], np.float32))
    assert row.sum() == pytest.approx(1, abs=1e-5)
    assert (row >= 0).all()
    assert row[int(np.argmax(logits))] == row.max()


def test_temperature_softens() -> None:
    bundle = fake_bundle("gesture", ["palm", "none"], lambda crop: [2.0, 0.0], temperature=2.0)
    found = GestureReader(bundle).read(IMAGE, Hand(Box(10, 10, 90, 90), 1.0)).said
    assert found.label == "palm"
    assert found.probability == pytest.approx(math.e / (math.e + 1), abs=1e-6)
    assert sum(found.probabilities.values()) == pytest.approx(1)


def test_a_gesture_bundle_brings_its_own_labels() -> None:
    labels = [f"{n:02d}" for n in range(1, 11)]
    reader = GestureReader(fake_bundle("gesture", labels, lambda crop: [float(n) for n in range(10)], colour="rgb"))
    assert reader.labels == tuple(labels)
    assert reader.read(IMAGE, Hand(Box(0, 0, 50, 80), 1.0)).said.label == "10"


def test_an_emotion_is_read_from_an_upright_crop_in_the_networks_colours() -> None:
    image = np.zeros((300, 300, 3), np.uint8)
    image[..., 2] = 200  # red, the last in BGR
    bundle = fake_bundle("emotion", ["sad", "happy"], lambda crop: [0.0, float(crop[0, 0, 0])], colour="rgb")
    assert EmotionReader(bundle).read(image, frontal()).said.label == "happy"
    assert (bundle.built[0].seen == (200, 0, 0)).all()


def test_eyes_are_read_each_by_itself() -> None:
    image = IMAGE.copy()
    image[90:110, 90:110] = 255  # a bright left eye
    bundle = fake_bundle("eyes", ["closed", "open"], lambda crop: [0.0, 4.0 if crop.mean() > 200 else -4.0])
    eyes = EyeReader(bundle).read(image, frontal(100, 100, eye_distance=40))
    assert eyes.left_open == pytest.approx(1 / (1 + math.exp(-4)))
    assert eyes.right_open == pytest.approx(1 / (1 + math.exp(4)))


def test_the_right_eye_alone() -> None:
    bundle = fake_bundle("eyes", ["open", "closed"], lambda crop: [3.0, 0.0])
    eyes = EyeReader(bundle).read(IMAGE, frontal(nose=-0.1))
    assert eyes.left_open is None
    assert eyes.right_open == pytest.approx(1 / (1 + math.exp(-3)))


def test_eyes_that_cannot_be_judged_are_not_read() -> None:
    bundle = fake_bundle("eyes", ["closed", "open"], lambda crop: [0.0, 0.0])
    assert EyeReader(bundle).read(IMAGE, frontal(nose=2.0)) == Eyes(None, None)


@pytest.mark.parametrize(
    ("nose", "sides", "reason"),
    [
        (0.5, ("left", "right"), "frontal"),
        (0.05, ("left", "right"), "half turned"),
        (-0.1, ("right",), "the nose hides the left eye"),
        (1.1, ("left",), "the nose hides the right eye"),
        (-0.6, (), "from the side"),
        (1.6, (), "from the other side"),
    ],
)
def test_a_turned_head(nose: float, sides: tuple[str, ...], reason: str) -> None:
    assert judgeable(frontal(nose=nose), 300, 300) == sides, reason


def test_small_faces_and_eyes_outside_the_image() -> None:
    assert judgeable(frontal(eye_distance=MIN_EYE_DISTANCE_PX - 0.1), 300, 300) == ()
    assert judgeable(frontal(eye_distance=MIN_EYE_DISTANCE_PX), 300, 300) == ("left", "right")
    assert judgeable(frontal(eye_distance=0), 300, 300) == ()
    assert judgeable(frontal(x=-3), 300, 300) == ("right",)
    assert judgeable(frontal(x=270, eye_distance=40), 300, 300) == ("left",)
    assert judgeable(frontal(y=-1), 300, 300) == ()


def test_a_missing_label_is_refused() -> None:
    with pytest.raises(BundleError, match="2 labels need"):
        Classifier(fake_bundle("gesture", ["palm", "fist"], lambda crop: [0.0, 0.0, 0.0]))
    with pytest.raises(BundleError, match="needs the label 'open'"):
        EyeReader(fake_bundle("eyes", ["shut", "wide"], lambda crop: [0.0, 0.0]))


def viewed(below: float) -> tuple[Classifier, FakeBundle]:
    """A classifier that sees how bright a crop's left edge is, and half of what is brightest anywhere."""
    bundle = fake_bundle(
        "emotion",
        ["left", "anywhere"],
        lambda seen: [float(seen[:, 0].mean()), float(seen.max()) / 2],
        margin=3,
        second_look_below=below,
    )
    return Classifier(bundle, batch=3), bundle


def edged(value: int) -> np.ndarray:
    """A crop whose margin is white, and whose left edge within it has this ``value``."""
    crop = np.zeros((30, 30, 3), np.uint8)
    crop[:, :3] = crop[:, -3:] = 255
    crop[:, 3] = value
    return crop


@pytest.mark.parametrize(
    ("below", "value", "left"),
    [(0, 4, 4), (3, 4, 2), (3, 8, 8), (100, 8, 4)],
    ids=["never", "where it is unsure", "not where it is sure", "always"],
)
def test_an_unsure_classifier_looks_at_the_mirror_image_too(below: float, value: int, left: float) -> None:
    classifier, bundle = viewed(below)
    assert classifier.size == 30
    found = classifier.probabilities([edged(value)])
    np.testing.assert_allclose(found, softmax(np.array([[left, value / 2]], np.float32)))
    assert bundle.built[0].shape == (3, 24, 24, 1)


def test_of_several_crops_only_the_unsure_ones_change() -> None:
    classifier, _ = viewed(3)
    found = classifier.probabilities([edged(8), edged(4), edged(8)])
    np.testing.assert_allclose(found, softmax(np.array([[8, 4], [2, 2], [8, 4]], np.float32)))


def test_a_network_sees_a_dark_crop_brighter() -> None:
    dark = np.zeros((24, 24, 3), np.uint8)
    dark[:, 12:] = 20
    said = []
    for contrast in (0.0, 40.0):
        bundle = fake_bundle(
            "emotion", ["dark", "light"], lambda seen: [50.0, float(seen.max())], least_contrast=contrast
        )
        said.append(Classifier(bundle).read(dark).said.label)
    assert said == ["dark", "light"]


def left_of(found: Reading) -> float:
    """By how much ``left`` is likelier than ``anywhere``, in logits."""
    return math.log(found.said.probabilities["left"] / found.said.probabilities["anywhere"])


def test_in_a_stream_the_second_look_is_the_one_before() -> None:
    classifier, bundle = viewed(3)
    looks = [(first := classifier.read(edged(4), None, 0.0))]
    runs = bundle.built[0].runs
    for index in range(1, 5):
        looks.append(classifier.read(edged(4), looks[-1], index / 30))
    assert bundle.built[0].runs - runs == 4  # once a frame
    assert [look.glance.mirrored for look in looks] == [False, True, False, True, False]
    assert all(look.said == first.said for look in looks)
    assert left_of(first) == pytest.approx(2 - 2)


@pytest.mark.parametrize(
    ("before", "after", "left", "runs"),
    [
        (0.0, 0.3, 2, 2),
        (1.0, 0.9, 2, 2),
        (0.0, 0.2, 0, 1),
    ],
    ids=["the last look is old", "time ran backwards", "it counts"],
)
def test_only_a_recent_look_counts(before: float, after: float, left: float, runs: int) -> None:
    classifier, bundle = viewed(3)
    last = classifier.read(edged(0), None, before)  # bright nowhere: 0 and 0
    start = bundle.built[0].runs
    found = classifier.read(edged(4), last, after)
    assert bundle.built[0].runs - start == runs
    assert left_of(found) == pytest.approx(left - (2 if runs == 2 else 1))


def test_a_sure_look_stands_alone_and_the_next_is_at_the_crop_itself() -> None:
    classifier, bundle = viewed(3)
    last = classifier.read(edged(4), None, 0.0)
    sure = Reading(last.said, last.glance._replace(mirrored=True))
    found = classifier.read(edged(8), sure, 0.1)
    assert (left_of(found), found.glance.mirrored) == (pytest.approx(4), False)
    assert classifier.read(edged(8), found, 0.2).glance.mirrored is False
    start = bundle.built[0].runs
    unsure = classifier.read(edged(4), found, 0.3)
    assert left_of(unsure) == pytest.approx(0)
    assert bundle.built[0].runs - start == 2  # the last look was at the same side


def test_other_misfits_are_refused() -> None:
    with pytest.raises(BundleError, match="needs an output 'logits'"):
        Classifier(fake_bundle("gesture", ["palm", "fist"], lambda crop: [0.0, 0.0], output="scores"))
    with pytest.raises(BundleError, match="square"):
        Classifier(fake_bundle("gesture", ["palm", "fist"], lambda crop: [0.0, 0.0], size=(24, 32)))
