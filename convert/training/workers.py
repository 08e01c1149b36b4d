"""What makes batches beside a training: two threads on a few cores, processes where there are many."""

from __future__ import annotations

import multiprocessing
import os
import threading
import time
from collections.abc import Callable
from concurrent.futures import Executor, Future, ProcessPoolExecutor, ThreadPoolExecutor
from typing import Any

import cv2

THREADS = 2
"""OpenCV and numpy let others run meanwhile, Python doesn't, so that more threads gain nothing."""

CORES_FOR_PROCESSES = 6
"""From so many cores on processes make the batches: beside fewer the network's own arithmetic takes all of them."""

CORES_LEFT = 2
"""For the training itself."""

MOST_PROCESSES = 12

Make = Callable[..., Any]
Arguments = Callable[[int], tuple[Any, ...]]

_make: Make | None = None


class Ahead:
    """The results of ``make`` for an epoch's numbers, each begun before it is asked for.

    ``waited_seconds``: how long results weren't ready when they were, in this epoch.
    """

    def __init__(self, make: Make, cores: int | None = None) -> None:
        """``cores`` of this process's if not given.

        Processes are forked: what ``make`` refers to is theirs without a copy, as it was at the first :meth:`start`.
        """
        cores = cores or _cores()
        # One image at a time has none to share, and a forked process that lacks OpenCV's threads waits for them.
        cv2.setNumThreads(1)
        self._pool: Executor
        if cores >= CORES_FOR_PROCESSES and "fork" in multiprocessing.get_all_start_methods():
            number = min(cores - CORES_LEFT, MOST_PROCESSES)
            context = multiprocessing.get_context("fork")
            self._pool = ProcessPoolExecutor(number, context, initializer=_inherit, initargs=(make,))
            self._call: Make = _call_inherited
        else:
            number = min(THREADS, cores)
            self._pool, self._call = ThreadPoolExecutor(number, thread_name_prefix="augment"), make
        self._number = 2 * number
        self._lock = threading.Lock()
        self._futures: dict[int, Future[Any]] = {}
        self.waited_seconds = 0.0

    def start(self, arguments: Arguments, length: int) -> None:
        """Begin an epoch of ``length`` numbers, for each of which ``make`` takes ``arguments(number)``."""
        with self._lock:
            for future in self._futures.values():
                future.cancel()
            self._futures = {}
            self._arguments, self._length = arguments, length
            self.waited_seconds = 0.0
            self._begin(0)

    def take(self, index: int) -> Any:
        """The result for the number ``index``; a number may be asked for again."""
        with self._lock:
            self._begin(index)
            future = self._futures.pop(index)
        started = time.perf_counter()
        result = future.result()
        self.waited_seconds += time.perf_counter() - started
        return result

    def close(self) -> None:
        """Stop, without what hasn't begun."""
        self._pool.shutdown(cancel_futures=True)

    def _begin(self, index: int) -> None:
        for number in range(index, min(index + self._number, self._length)):
            if number not in self._futures:
                self._futures[number] = self._pool.submit(self._call, *self._arguments(number))


def _cores() -> int:
    """Those that this process may run on."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _inherit(make: Make) -> None:
    global _make
    _make = make


def _call_inherited(*arguments: Any) -> Any:
    assert _make is not None
    return _make(*arguments)
