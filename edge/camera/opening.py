"""Opening the source that the settings name."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from edge.camera.auto import candidates, open_first_working
from edge.camera.looping import Looping
from edge.camera.orientation import Oriented
from edge.camera.pacing import Paced
from edge.camera.reconnecting import Backoff, Reconnecting, ignore
from edge.camera.registry import build_source
from edge.camera.settings import CameraSettings
from edge.camera.source import Source


def open_source(
    settings: CameraSettings,
    *,
    realtime: bool = False,
    on_lost: Callable[[str], None] = ignore,
    on_recovered: Callable[[float], None] = ignore,
) -> Source:
    """The source that ``settings`` name, open.

    ``auto`` takes the first camera that works, else the demo scene.  A source named otherwise works or raises: it is
    never replaced by another.  Cameras and streams are reconnected, which ``on_lost`` and ``on_recovered`` hear of (see
    :class:`~edge.camera.reconnecting.Reconnecting`).

    In ``realtime`` files, folders and the demo scene play at their own speed, like a camera, and the demo scene for
    ever; else every frame of theirs is delivered as fast as it is read, and the demo scene ends after one pass.

    Raises
    ------
    CameraError, InputError, UnknownSourceError
        the source can't be opened; see :meth:`Source.open`
    """
    build = partial(build_source, settings=settings, realtime=realtime)
    if settings.source == "auto":
        source = open_first_working(candidates(), build)
    else:
        source = build(settings.source)
        source.open()
    if source.live:
        source = Reconnecting(source, _backoff(settings), on_lost=on_lost, on_recovered=on_recovered)
    elif settings.loop:
        source = Looping(source)
    if realtime and not source.live:
        source = Paced(source)
    if settings.rotate_degrees or settings.mirror:
        source = Oriented(source, settings.rotate_degrees, settings.mirror)
    return source


def _backoff(settings: CameraSettings) -> Backoff:
    return Backoff(
        first_seconds=settings.reconnect_first_seconds,
        max_seconds=settings.reconnect_max_seconds,
        give_up_seconds=settings.reconnect_give_up_seconds or None,
    )
