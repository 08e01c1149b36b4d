"""Runs a worker script in a process of its own, with Keras on TensorFlow: Keras has one backend a process."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

ONE_THREAD = dict.fromkeys(("OMP_NUM_THREADS", "TF_NUM_INTRAOP_THREADS", "TF_NUM_INTEROP_THREADS"), "1")
"""As under script/test: on more threads sums come in another order, and a training of a few steps ends elsewhere."""


def start(script: Path, *arguments: object, **environment: str) -> subprocess.Popen[str]:
    """Begin to run ``script`` in the checkout's folder; ``environment`` adds to this process' own."""
    return subprocess.Popen(
        [sys.executable, str(script), *map(str, arguments)],
        env={**os.environ, **ONE_THREAD, "KERAS_BACKEND": "tensorflow", "TF_CPP_MIN_LOG_LEVEL": "3", **environment},
        cwd=script.parents[2],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def finish(process: subprocess.Popen[str]) -> str:
    """What ``process`` printed; fails the test unless it ended well."""
    out, err = process.communicate()
    assert process.returncode == 0, err[-4000:]
    return out + err
