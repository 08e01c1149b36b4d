"""The course of a deployment, seen from the workstation."""

from __future__ import annotations

import logging
from pathlib import Path

from convert.deploy.parcel import Parcel, pack
from convert.deploy.protocol import FileNote, Options, Reply, Request, plain
from convert.deploy.ssh import Route, Session, connect
from edge.inference import Task

log = logging.getLogger(__name__)


def deploy(folder: Path, route: Route, options: Options) -> None:
    """Put the bundle in ``folder`` in force on the board, verified here and there.

    Whatever goes wrong, the bundle that was in force stays so, whole.

    Raises:
        VigilError: saying what went wrong, on which side, and what to do.
    """
    parcel = pack(folder)
    task, version = parcel.manifest.task, parcel.manifest.version
    log.info("%s: %s %s, %.0f kB, verified here", folder, task.value, version, parcel.size_bytes / 1e3)
    notes = tuple(FileNote(file.name, len(file.content), file.sha256) for file in parcel.files)
    with connect(route) as session:
        session.send(Request(task, options, notes).encode())
        checked = session.receive("checked")
        if options.dry_run:
            _say_plan(route, checked, f"{task.value} {version}")
            return
        _copy(session, parcel, route)
        installed = _commit(session, route)
    place = f"{route.address.destination}:{plain(checked.models)}/{task.value}"
    if not installed.changed:
        log.info("%s: %s was in force already", place, version)
    elif checked.in_force is None:
        log.info("%s: %s is in force, the first there", place, version)
    else:
        log.info("%s: %s is in force; %s is kept for --rollback", place, version, plain(checked.in_force))
    _say_what_is_left(options)


def roll_back(task: Task, route: Route, options: Options) -> None:
    """Put the bundle that was in force before in force again, verified on the board.

    Raises:
        VigilError: saying what went wrong and what to do; what was in force stays so.
    """
    with connect(route) as session:
        session.send(Request(task, options, rollback=True).encode())
        checked = session.receive("checked")
        if options.dry_run:
            _say_plan(route, checked, f"the {task.value} from before")
            return
        _commit(session, route)
    log.info("%s: the %s from before is in force again", route.address.destination, task.value)
    _say_what_is_left(options)


def _say_plan(route: Route, checked: Reply, wish: str) -> None:
    place = f"{route.address.destination}:{plain(checked.models)}"
    found = f"in place of {plain(checked.in_force)}" if checked.in_force is not None else "where there is none"
    log.info("%s: would put %s in force, %s; nothing was changed", place, wish, found)


def _copy(session: Session, parcel: Parcel, route: Route) -> None:
    for file in parcel.files:
        session.send(file.content)
    session.receive("copied")
    log.info("%s: copied", route.address.destination)


def _commit(session: Session, route: Route) -> Reply:
    """Wait until the board has verified, and order it to go on."""
    verified = session.receive("verified")
    log.info("%s: verified there: %s", route.address.destination, " ".join(plain(verified.text).split()))
    session.order()
    return session.receive("installed")


def _say_what_is_left(options: Options) -> None:
    if not options.restart:
        log.info("a running vigil reads it at its next start; --restart restarts its service")
