"""Loads a network from a Keras file that may come from anybody."""

from __future__ import annotations

import io
import json
import zipfile
from pathlib import Path
from typing import Any

import h5py
import keras

from convert.importing.errors import ForeignNetworkError
from convert.importing.keras_config import check_config

CONFIG_FILE, WEIGHTS_FILE = "config.json", "model.weights.h5"
"""In a ``.keras`` file, which is a zip archive."""

MAX_BYTES = 1 << 30
"""Of what a ``.keras`` file unpacks to: a small archive may hold terabytes of zeros."""

LOADING_FAILURES = (
    OSError,
    ValueError,
    TypeError,
    KeyError,
    AttributeError,
    IndexError,
    RuntimeError,
    ImportError,
    NotImplementedError,
)
"""What Keras raises on a file that isn't what it claims to be."""


def load_keras_file(file: Path) -> keras.Model:
    """The network in ``file``, ``.keras`` or whole-model ``.h5``.

    Raises:
        ForeignNetworkError: no such file, damaged, weights without a network, or with layers that may run code.
    """
    try:
        if zipfile.is_zipfile(file):
            config = _config_of_archive(file)
        elif h5py.is_hdf5(file):
            config = _config_of_hdf5(file)
        else:
            problem = "neither a .keras file nor an HDF5 file" if file.is_file() else "no such file"
            raise ForeignNetworkError(f"{file}: {problem}; give a network that Keras saved")
        check_config(config, file)
        return keras.models.load_model(file, compile=False, safe_mode=True)
    except (*LOADING_FAILURES, zipfile.BadZipFile) as error:
        raise ForeignNetworkError(f"{file}: not a Keras network that can be loaded: {error}") from error


def _config_of_archive(file: Path) -> Any:
    with zipfile.ZipFile(file) as archive:
        size = sum(entry.file_size for entry in archive.infolist())
        if size > MAX_BYTES:
            raise ForeignNetworkError(f"{file}: unpacks to {size >> 20} MiB, at most {MAX_BYTES >> 20} are taken")
        missing = {CONFIG_FILE, WEIGHTS_FILE} - set(archive.namelist())
        if missing:
            raise ForeignNetworkError(f"{file}: a .keras file holds {CONFIG_FILE} and {WEIGHTS_FILE}; lacks {missing}")
        with h5py.File(io.BytesIO(archive.read(WEIGHTS_FILE)), "r") as weights:
            _check_self_contained(weights, file)
        return json.loads(archive.read(CONFIG_FILE))


def _config_of_hdf5(file: Path) -> Any:
    with h5py.File(file, "r") as content:
        _check_self_contained(content, file)
        if "model_config" not in content.attrs:
            raise ForeignNetworkError(
                f"{file}: holds weights without their network; save the whole model (model.save, not save_weights)"
            )
        return json.loads(content.attrs["model_config"])


def _check_self_contained(content: h5py.File, file: Path) -> None:
    """HDF5 can point to other files, which would then be read as if they were weights."""
    outside = content.visititems(_outside) or content.visititems_links(_outside)
    if outside:
        raise ForeignNetworkError(f"{file}: {outside} lies in another file; save the network again, whole")


def _outside(name: str, node: Any) -> str | None:
    """``name``, which ends the visit, if ``node`` is kept in another file."""
    is_outside = isinstance(node, h5py.ExternalLink) or (
        isinstance(node, h5py.Dataset) and (node.external or node.is_virtual)
    )
    return name if is_outside else None
