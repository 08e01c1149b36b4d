"""Which TFLite runtime this device has: LiteRT first, tflite-runtime as the fallback.

A runtime counts only once it has built an interpreter: tflite-runtime 2.14 imports beside numpy 2 and
then fails with SystemError at the first model.
"""

from __future__ import annotations

import importlib
from dataclasses import dataclass
from functools import cache
from typing import Any

from edge.errors import ModelError

RUNTIMES = (
    ("LiteRT", "ai_edge_litert", "ai_edge_litert.interpreter"),
    ("tflite-runtime", "tflite_runtime", "tflite_runtime.interpreter"),
)


class RuntimeUnavailableError(ModelError):
    """No TFLite runtime works on this device."""


@dataclass(frozen=True)
class Runtime:
    name: str
    version: str
    interpreter_class: Any


def build_interpreter(model: bytes, threads: int) -> Any:
    """An interpreter for ``model`` on the first runtime that works here.

    Raises:
        ValueError: the runtime refuses this model.
        RuntimeUnavailableError: no runtime works.
    """
    return _runtime(model).interpreter_class(model_content=model, num_threads=threads)


def describe(model: bytes) -> Runtime:
    """The runtime in use, found by building ``model`` with it."""
    return _runtime(model)


_chosen: Runtime | None = None


def _runtime(model: bytes) -> Runtime:
    global _chosen
    if _chosen is None:
        _chosen = _choose(model)
    return _chosen


def _choose(model: bytes) -> Runtime:
    failures = []
    for name, package, module in RUNTIMES:
        try:
            interpreter_class = importlib.import_module(module).Interpreter
            interpreter = interpreter_class(model_content=model, num_threads=1)
            interpreter.allocate_tensors()
            interpreter.invoke()
        except (ImportError, SystemError, RuntimeError, AttributeError, OSError) as error:
            # Not ValueError, which is the model's fault: another runtime would refuse it as well.
            failures.append(f"{name}: {type(error).__name__}: {error}")
        else:
            return Runtime(name, _version(package), interpreter_class)
    raise RuntimeUnavailableError(
        "no TFLite runtime works here ("
        + "; ".join(failures)
        + "). Install ai-edge-litert, or on 32-bit Arm tflite-runtime 2.14 with numpy below 2"
    )


@cache
def _version(package: str) -> str:
    from importlib.metadata import PackageNotFoundError, version

    try:
        return version(package.replace("_", "-"))
    except PackageNotFoundError:
        return "unknown"
