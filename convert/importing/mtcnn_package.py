"""The weights that the installed package ``mtcnn`` 1.0.0 (Iván de Paz Centeno, MIT) brings.

The package itself is not imported: it would build its own networks.  Its files are pickles, which may run code when
read, so only those whose SHA-256 is known are.
"""

from __future__ import annotations

import hashlib
import importlib.util
import io
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from convert.importing.errors import ForeignNetworkError

VERSION = "1.0.0"

SHA256: Mapping[str, str] = {
    "pnet": "ea6b0c3e685ebee3165326ad6484acc95f2ef78f1c94fbf40a55704fa989f7b5",
    "rnet": "cb00e6460f3c98b0bfafaba3c0a0ded4bdf6e62cee7174d969e8670d7e757fee",
    "onet": "94f6ea2f4cf985275ee958cdd762d17b6009348a4fb9d8c6be39ba73ffd22ca3",
}
"""Of ``mtcnn/assets/weights/<network>.lz4`` in the wheel of :data:`VERSION`."""

Weights = list[NDArray[np.float32]]
"""A network's arrays in the order of its layers: kernel, bias, slopes, and at the end the heads."""


def read_weights(folder: Path | None = None) -> dict[str, Weights]:
    """The arrays of each network, from ``folder`` or from the installed package.

    Raises:
        ForeignNetworkError: the package isn't installed, or its files are those of another version.
    """
    folder = folder or _installed()
    return {name: _read(folder / f"{name}.lz4", digest) for name, digest in SHA256.items()}


def _installed() -> Path:
    spec = importlib.util.find_spec("mtcnn")
    if spec is None or not spec.submodule_search_locations:
        raise ForeignNetworkError(f"the package mtcnn is not installed here: pip install mtcnn=={VERSION}")
    return Path(spec.submodule_search_locations[0]) / "assets" / "weights"


def _read(file: Path, digest: str) -> Weights:
    try:
        content = file.read_bytes()
    except OSError as error:
        raise ForeignNetworkError(
            f"{file}: can't read these weights ({error.strerror}); this version knows mtcnn {VERSION} only: "
            f"pip install mtcnn=={VERSION}"
        ) from error
    found = hashlib.sha256(content).hexdigest()
    if found != digest:
        raise ForeignNetworkError(
            f"{file}: not the weights of mtcnn {VERSION}: its SHA-256 is {found[:12]}…, expected {digest[:12]}…; "
            f"pip install --force-reinstall mtcnn=={VERSION}"
        )
    return list(_joblib().load(io.BytesIO(content)))


def _joblib() -> Any:
    try:
        import joblib
        import lz4  # noqa: F401  joblib decompresses with it
    except ImportError as error:
        raise ForeignNetworkError(
            f"reading mtcnn's weights needs joblib and lz4 ({error}): pip install joblib lz4"
        ) from error
    return joblib
