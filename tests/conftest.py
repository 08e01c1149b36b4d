"""Fixtures shared by every room's tests."""

from __future__ import annotations

import os
import tarfile
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import settings

settings.register_profile("vigil", deadline=None)  # a busy machine is no mistake in the code
settings.load_profile("vigil")

ROOT = Path(__file__).resolve().parent.parent
ARCHIVES = ROOT.parent / "shared" / "data"


@pytest.fixture(scope="session")
def dataset(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """``dataset("clips")``: the unpacked data set's folder; skips the test where it is absent.

    ``$VIGIL_DATA`` names a folder of unpacked data sets; without it the archives beside the checkout are used.
    """
    unpacked: dict[str, Path] = {}

    def folder(name: str) -> Path:
        if named := os.environ.get("VIGIL_DATA"):
            if (path := Path(named) / name).is_dir():
                return path
            pytest.skip(f"$VIGIL_DATA has no {name}/")
        archive = ARCHIVES / f"{name}.tar.xz"
        if not archive.is_file():
            pytest.skip(f"the data set {name} is not here (set $VIGIL_DATA to a folder that has it)")
        if name not in unpacked:
            target = tmp_path_factory.mktemp("data")
            with tarfile.open(archive) as tar:
                tar.extractall(target, filter="data")
            unpacked[name] = target / name
        return unpacked[name]

    return folder


@pytest.fixture(scope="session")
def models_dir() -> Path:
    """The bundles that ship with the project."""
    return ROOT / "models"
