"""How long a TFLite file runs."""

from __future__ import annotations

import statistics
import time

from edge.inference.runtime import build_interpreter

TIMED_RUNS = 50


def milliseconds(model: bytes) -> float:
    """The median time of one run on one thread."""
    interpreter = build_interpreter(model, threads=1)
    interpreter.allocate_tensors()
    interpreter.invoke()
    times = []
    for _ in range(TIMED_RUNS):
        start = time.perf_counter()
        interpreter.invoke()
        times.append(time.perf_counter() - start)
    return 1000 * statistics.median(times)
