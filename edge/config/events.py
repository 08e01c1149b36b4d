"""Which events a rule can be about: it depends on the labels of the installed bundles."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from edge.inference.bundle import BundleError, read_manifest
from edge.inference.manifest import Task
from edge.timeline.gestures import NO_GESTURE
from edge.timeline.states import DrowsinessState

log = logging.getLogger(__name__)

FACE = "face"


@dataclass(frozen=True, slots=True)
class Labels:
    """What the classifiers can tell; the defaults are the labels of the bundles that ship with Vigil."""

    gestures: tuple[str, ...] = ("palm", "fist", "point", "peace", "ok", "thumb_up", "thumb_down", NO_GESTURE)
    emotions: tuple[str, ...] = ("angry", "disgust", "fear", "happy", "sad", "surprise", "neutral")

    @property
    def events(self) -> Mapping[str, tuple[str, ...]]:
        """The names of all events, by family."""
        return {
            "gesture": tuple(f"gesture.{label}" for label in self.gestures if label != NO_GESTURE),
            "emotion": tuple(f"emotion.{label}" for label in self.emotions),
            "drowsiness": tuple(state.event for state in DrowsinessState),
            FACE: (FACE,),
        }


def labels_of(models: Path) -> Labels:
    """The labels of the bundles in the folder ``models``; the default ones for a bundle that isn't there.

    Only manifests are read, and a damaged one counts as absent, with a warning: a bundle that the config doesn't use
    must not matter, and one that it uses is refused when it is loaded.
    """
    default = Labels()
    return Labels(
        gestures=_labels(models / "gesture", Task.GESTURE) or default.gestures,
        emotions=_labels(models / "emotion", Task.EMOTION) or default.emotions,
    )


def _labels(bundle: Path, task: Task) -> tuple[str, ...]:
    if not bundle.is_dir():
        return ()
    try:
        return read_manifest(bundle, task).labels
    except BundleError as error:
        log.warning("rules are checked against the labels that ship with Vigil: %s", error)
        return ()
