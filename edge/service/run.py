"""``vigil run``: put the rooms together and run them until the end, or until somebody says stop."""

from __future__ import annotations

import argparse
import faulthandler
import signal
import sys
from collections.abc import Callable
from contextlib import ExitStack

from edge.inference import default_models_dir
from edge.service.daemon import Totals
from edge.service.devices import Devices
from edge.service.eventlog import EventFile, Sink, in_words
from edge.service.notify import Notifier
from edge.service.pinrecord import PinRecord
from edge.service.plan import Plan, make_plan
from edge.service.service import Service
from edge.service.signals import signals_call
from edge.values import Action, Event

OK = 0
INCOMPLETE = 1


def run(arguments: argparse.Namespace) -> int:
    """Run as the parsed arguments say; outputs are safe when this returns or raises.

    The status is 1 where all was done, but the recording or folder was cut off or damaged in part.
    """
    notifier = Notifier.from_environment()
    if notifier.is_heard:
        faulthandler.enable()  # the watchdog's SIGABRT then says where each thread was
    models = arguments.models or default_models_dir()

    def prepare() -> Plan:
        return make_plan(arguments, models, verify=notifier.is_heard)

    notifier.status("verifying and loading models")
    plan = prepare()
    with ExitStack() as stack:
        stack.callback(notifier.close)
        sinks: list[Sink] = [_print_words]
        if arguments.events:
            events = EventFile(arguments.events)
            stack.callback(events.close)
            sinks.append(events)
        devices = Devices(arguments.pins, every_frame=arguments.until_end, record=PinRecord.from_environment())
        service = Service(devices, sinks, notifier, prepare)
        stack.enter_context(signals_call(_handlers(service, reloads=notifier.is_heard)))
        stack.callback(devices.close)
        notifier.status("opening outputs and camera")
        devices.open(plan.config)
        _say(f"watching {devices.source_name}; Ctrl-C stops")
        totals = service.run(plan, realtime=not arguments.until_end)
        status = INCOMPLETE if devices.feed.is_incomplete else OK
    _say(_summary(totals))
    return status


def _handlers(service: Service, *, reloads: bool) -> dict[int, Callable[[], None]]:
    """What each signal asks for.  A terminal sends SIGHUP as it closes, systemd to reload."""
    return {
        signal.SIGTERM: service.stop,
        signal.SIGINT: service.stop,
        signal.SIGHUP: service.reload if reloads else service.stop,
    }


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
