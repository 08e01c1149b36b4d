"""Python, its libraries, and the TFLite runtime, by using them."""

from __future__ import annotations

import importlib
import sys
from importlib.util import find_spec

from edge.doctor.finding import Finding, failed, ok, warning
from edge.doctor.patient import Patient
from edge.errors import ModelError

PYTHONS = ((3, 10), (3, 13))
"""The first and the last version that is tested."""

REINSTALL = "install Vigil again: sudo systemd/install from its checkout"


def check_python(patient: Patient) -> Finding:
    """Whether this Python is one that Vigil is tested with."""
    seen = f"{sys.version.split()[0]} at {sys.prefix}"
    first, last = PYTHONS
    if first <= sys.version_info[:2] <= last:
        return ok("python", seen)
    return warning(
        "python", seen, f"Vigil is tested with {first[0]}.{first[1]} to {last[0]}.{last[1]}: use one of these"
    )


def check_libraries(patient: Patient) -> Finding:
    """Whether numpy and OpenCV, and picamera2 where it is installed, fit each other."""
    try:
        import cv2
        import numpy as np

        halved = cv2.resize(np.full((64, 64, 3), 7, np.uint8), (32, 32), interpolation=cv2.INTER_AREA)
    except (ImportError, AttributeError, SystemError) as error:
        return failed("libraries", f"numpy and OpenCV don't work: {error}", REINSTALL)
    seen = f"numpy {np.__version__}, OpenCV {cv2.__version__}"
    if halved.shape != (32, 32, 3) or not (halved == 7).all():
        return failed("libraries", f"{seen} computes wrongly", REINSTALL)
    return _with_picamera2(seen)


def _with_picamera2(seen: str) -> Finding:
    if find_spec("picamera2") is None:
        return ok("libraries", seen)
    try:
        importlib.import_module("picamera2")
    except (ImportError, ValueError, AttributeError) as error:  # ValueError: simplejpeg built for another numpy
        return failed(
            "libraries",
            f"{seen}; picamera2 can't be imported: {error}",
            "its numpy must be apt's: /opt/vigil/bin/pip uninstall numpy simplejpeg, then sudo systemd/install",
        )
    return ok("libraries", f"{seen}, picamera2")


def check_runtime(patient: Patient) -> Finding:
    """Whether a TFLite runtime works here: it runs a network."""
    from edge.inference.bundle import load_bundle
    from edge.inference.runtime import describe
    from edge.service.models import find_bundles

    bundles = find_bundles(patient.models)
    if not bundles:
        return failed("runtime", f"no bundle in {patient.models} to try it with", "name the folder with --models")
    try:
        bundle = load_bundle(bundles[0])
        name, model = next(iter(bundle.models.items()))
        runtime = describe(model)
    except ModelError as error:
        return failed("runtime", str(error), "pip install ai-edge-litert into Vigil's environment")
    return ok("runtime", f"{runtime.name} {runtime.version} ran {name} of {bundle.path.name}")
