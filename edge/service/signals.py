"""Signals that are heard at once, whatever the main thread is at."""

from __future__ import annotations

import logging
import signal
import socket
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager

log = logging.getLogger(__name__)


@contextmanager
def signals_call(handlers: Mapping[int, Callable[[], None]]) -> Iterator[None]:
    """While inside, each signal of ``handlers`` calls its function in a thread of its own; enter in the main thread.

    Python runs its own handlers in the main thread only, and only once that has left the network or the driver that
    it is in.  The number of a signal, though, is written to the wake-up socket at once.
    """
    reader, writer = socket.socketpair()
    writer.setblocking(False)
    thread = threading.Thread(target=_listen, args=(reader, handlers), name="signals", daemon=True)
    before = {number: signal.signal(number, _ignore) for number in handlers}
    wakeup_before = signal.set_wakeup_fd(writer.fileno(), warn_on_full_buffer=False)
    thread.start()
    try:
        yield
    finally:
        signal.set_wakeup_fd(wakeup_before)
        for number, handler in before.items():
            signal.signal(number, handler)
        writer.close()
        thread.join()
        reader.close()


def _listen(reader: socket.socket, handlers: Mapping[int, Callable[[], None]]) -> None:
    while received := reader.recv(1):
        handler = handlers.get(received[0])
        if handler is None:
            continue
        try:
            handler()
        except Exception:
            log.exception("signal %d", received[0])


def _ignore(*_: object) -> None:
    """The thread does the work."""
