from __future__ import annotations

import shutil
from pathlib import Path

import pytest


@pytest.fixture
def bundle_copy(models_dir: Path, tmp_path: Path) -> Path:
    """A writable copy of the eyes bundle, the smallest."""
    return Path(shutil.copytree(models_dir / "eyes", tmp_path / "eyes"))
