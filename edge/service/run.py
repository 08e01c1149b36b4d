"""``vigil run``: put the rooms together and run them until the end, or until somebody says stop."""

from __future__ import annotations

import argparse
import logging
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from edge.actions.outputs import Outputs
from edge.actions.rules import Rules
from edge.camera import CameraSettings, open_source
from edge.config import Config, default_config, labels_of, load_config
from edge.inference import default_models_dir
from edge.perception.observer import Observer
from edge.service.bundles import require_bundles
from edge.service.daemon import Daemon, Totals
from edge.service.eventlog import EventFile, in_words
from edge.service.feed import EveryFrame, FrameFeed, NewestFrame
from edge.service.options import override
from edge.timeline import Timeline, TimelineSettings
from edge.values import Action, Event

log = logging.getLogger(__name__)

CONFIG_FILE = Path("/etc/vigil/vigil.toml")

OK = 0
INCOMPLETE = 1


def run(arguments: argparse.Namespace) -> int:
    """Run as the parsed arguments say; outputs are safe when this returns or raises.

    The status is 1 where all was done, but the recording or folder was cut off or damaged in part.
    """
    models = arguments.models or default_models_dir()
    config = _config(arguments, models)
    require_bundles(config, models)
    with ExitStack() as stack:
        sinks = [_print_words]
        if arguments.events:
            events = EventFile(arguments.events)
            stack.callback(events.close)
            sinks.append(events)
        observer = Observer.load(models, config.tasks, config.detection)
        outputs = stack.enter_context(Outputs.open(config.outputs, arguments.pins))
        timeline = Timeline(_timeline_settings(config))
        daemon = Daemon(observer, timeline, Rules(config.rules), outputs, sinks)
        stack.enter_context(_signals_call(daemon.stop))
        feed = _open_feed(config.camera, every_frame=arguments.until_end, daemon=daemon)
        stack.callback(feed.close)
        totals = daemon.run(feed, realtime=not arguments.until_end)
    _say(_summary(totals))
    return INCOMPLETE if feed.is_incomplete else OK


def _config(arguments: argparse.Namespace, models: Path) -> Config:
    """The named config, else the installed one, else the default; options on the command line come on top."""
    labels = labels_of(models)
    path = arguments.config or (CONFIG_FILE if CONFIG_FILE.is_file() else None)
    config = load_config(path, labels) if path else default_config()
    camera = override(config.camera, "source", arguments.source, "--source")
    detection = override(config.detection, "threads", arguments.threads, "--threads")
    return config.model_copy(update={"camera": camera, "detection": detection})


def _timeline_settings(config: Config) -> TimelineSettings:
    drowsiness = config.drowsiness.model_copy(update={"enabled": config.tells("drowsiness")})
    return TimelineSettings(gesture=config.gesture, emotion=config.emotion, drowsiness=drowsiness, face=config.face)


def _open_feed(settings: CameraSettings, *, every_frame: bool, daemon: Daemon) -> FrameFeed:
    source = open_source(settings, realtime=not every_frame, on_lost=daemon.camera_lost)
    _say(f"watching {source.name}; Ctrl-C stops")
    return EveryFrame(source) if every_frame else NewestFrame(source)


@contextmanager
def _signals_call(stop: Callable[[], None]) -> Iterator[None]:
    """While inside, SIGTERM and SIGINT ask the loop to end instead of ending the process in mid-frame."""
    numbers = (signal.SIGTERM, signal.SIGINT)
    before = {number: signal.signal(number, lambda *_: stop()) for number in numbers}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _print_words(entry: Event | Action) -> None:
    if (text := in_words(entry)) is not None:
        _say(text)


def _say(text: str) -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


def _summary(totals: Totals) -> str:
    rate = totals.frames / totals.seconds if totals.seconds > 0 else 0.0
    return (
        f"{totals.frames} frames in {totals.seconds:.1f} s ({rate:.0f} a second); "
        f"a face in {_share(totals.faces, totals.frames)}, a hand in {_share(totals.hands, totals.frames)} of them"
    )


def _share(part: int, whole: int) -> str:
    return f"{part / whole:.0%}" if whole else "none"
