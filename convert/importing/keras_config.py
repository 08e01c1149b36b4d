"""Is a Keras file from elsewhere made of known layers only?

A file may name any class, and a Lambda layer carries Python code: loading it would run it.  Keras' own safe mode had
gaps (CVE-2025-1550 in ``.keras``, CVE-2025-9905 in ``.h5``), so the configuration is read here first, as plain JSON,
and whatever isn't on a list is refused before Keras sees the file.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from convert.importing.errors import ForeignNetworkError

_LAYERS = """
Functional Model Sequential InputLayer
Conv2D DepthwiseConv2D SeparableConv2D Dense BatchNormalization
Activation ReLU LeakyReLU PReLU ELU Softmax
MaxPooling2D AveragePooling2D GlobalAveragePooling2D GlobalMaxPooling2D
Add Subtract Multiply Concatenate Flatten Reshape Permute Rescaling Identity
ZeroPadding2D Cropping2D UpSampling2D Dropout SpatialDropout2D GaussianNoise GaussianDropout
"""
LAYERS = frozenset(_LAYERS.split())
"""What may stand in a network that is fed pictures.  Not all of them run in int8; conversion names those that don't."""

_PARTS = """
DTypePolicy Policy __keras_tensor__ __tuple__
Constant GlorotNormal GlorotUniform HeNormal HeUniform LecunNormal LecunUniform Ones Orthogonal RandomNormal
RandomUniform TruncatedNormal VarianceScaling Zeros
L1 L1L2 L2 MaxNorm MinMaxNorm NonNeg UnitNorm
"""
PARTS = frozenset(_PARTS.split())
"""What a layer's configuration may be made of: precision, initialisers, regularisers and constraints."""

NEVER_BUILT = "compile_config"
"""How the network was trained; Keras doesn't read it if it isn't asked to compile."""


def check_config(config: Any, file: Path) -> None:
    """Refuse a network's ``config``, decoded from JSON, if it holds anything but known layers and their parts.

    Raises:
        ForeignNetworkError: naming what it holds.
    """
    if not isinstance(config, dict) or "class_name" not in config:
        raise ForeignNetworkError(f"{file}: its configuration describes no network; save it with Keras again")
    for found in _objects({key: value for key, value in config.items() if key != NEVER_BUILT}):
        if not _is_known(found):
            module = f" of {found['module']}" if found.get("module") else ""
            raise ForeignNetworkError(
                f"{file}: holds {found['class_name']!r}{module}, which could run code of its own or which a device "
                f"can't run; only these layers may be imported: {', '.join(sorted(LAYERS))}"
            )


def _objects(node: Any) -> Iterator[dict[str, Any]]:
    """Every serialised object in ``node``, at any depth."""
    pending = [node]
    while pending:
        item = pending.pop()
        if isinstance(item, dict):
            if "class_name" in item:
                yield item
            pending += item.values()
        elif isinstance(item, list):
            pending += item


def _is_known(found: dict[str, Any]) -> bool:
    """Whether this is one of Keras' own classes and on a list; older files name no module."""
    name, module = found["class_name"], found.get("module")
    if not isinstance(name, str) or name not in LAYERS | PARTS:
        return False
    is_kerass = module is None or (isinstance(module, str) and module.partition(".")[0] == "keras")
    return is_kerass and found.get("registered_name") in (None, name)
