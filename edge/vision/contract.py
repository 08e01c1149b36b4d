"""What a bundle must hold for a finder of objects: its networks' colours and outputs, and its thresholds."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import fields
from typing import Any, TypeVar

from edge.inference import Bundle
from edge.inference.bundle import BundleError

T = TypeVar("T")


def check_networks(bundle: Bundle, outputs: Mapping[str, Collection[str]]) -> None:
    """Refuse a bundle whose networks don't take RGB or lack one of the ``outputs`` that are read of each.

    Raises:
        BundleError: naming bundle, network and what was received.
    """
    for name, spec in bundle.manifest.networks.items():
        if spec.input.colour != "rgb":
            raise BundleError(f"{bundle.path}: {name} takes {spec.input.colour!r}, should take 'rgb'")
        if missing := set(outputs.get(name, ())) - set(spec.outputs):
            raise BundleError(f"{bundle.path}: {name} lacks the output(s) {sorted(missing)}, has {spec.outputs}")


def thresholds_of(bundle: Bundle, kind: type[T]) -> T:
    """The thresholds of ``bundle``'s manifest as the dataclass ``kind``, all of whose fields are shares.

    Raises:
        BundleError: one is unknown, or doesn't lie between 0 and 1.
    """
    known = {field.name for field in fields(kind)}  # type: ignore[arg-type]
    given: Mapping[str, Any] = bundle.manifest.thresholds
    for name, value in given.items():
        if name not in known:
            raise BundleError(f"{bundle.path}: threshold {name!r} is unknown; a bundle of its kind has {sorted(known)}")
        if not 0 < value < 1:
            raise BundleError(f"{bundle.path}: threshold {name!r} must lie between 0 and 1, received {value}")
    return kind(**given)
