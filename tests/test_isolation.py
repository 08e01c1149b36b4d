"""The device half must never need the workstation half."""

from __future__ import annotations

import json
import pkgutil
import subprocess
import sys

import edge

FORBIDDEN = {"tensorflow", "keras", "torch", "jax", "convert", "matplotlib"}

PROBE = """
import importlib, json, sys
for name in {modules}:
    importlib.import_module(name)
print(json.dumps(sorted({{name.partition(".")[0] for name in sys.modules}})))
"""


def test_importing_all_of_edge_loads_no_training_library() -> None:
    modules = [module.name for module in pkgutil.walk_packages(edge.__path__, "edge.")]
    assert "edge.inference.network" in modules
    done = subprocess.run(
        [sys.executable, "-c", PROBE.format(modules=modules)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert not FORBIDDEN & set(json.loads(done.stdout))
