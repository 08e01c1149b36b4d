"""Stores a temperature in a bundle."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path

from convert.bundle.writer import MANIFEST_FILE
from edge.errors import ModelError
from edge.inference import Bundle


class TemperatureError(ModelError):
    """A bundle's manifest can't be replaced."""


def store_temperature(bundle: Bundle, temperature: float) -> Path:
    """Replace the manifest of ``bundle`` by one with this ``temperature``, whole or not at all, and return its path.

    The golden vectors hold logits, which no temperature changes: the bundle still verifies.

    Raises:
        TemperatureError: the manifest can't be written.
    """
    manifest = bundle.manifest.model_copy(update={"temperature": temperature})
    text = json.dumps(manifest.model_dump(mode="json"), indent=2, ensure_ascii=False) + "\n"
    file = bundle.path / MANIFEST_FILE
    try:
        with tempfile.TemporaryDirectory(prefix=".manifest-", dir=bundle.path) as folder:
            written = Path(folder) / MANIFEST_FILE
            written.write_text(text, "utf-8")
            written.replace(file)
    except OSError as error:
        raise TemperatureError(f"{file}: can't store the temperature here ({error.strerror})") from error
    return file
