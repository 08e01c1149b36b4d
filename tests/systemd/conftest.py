"""Fixtures of a service manager's tests."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from systemd_fakes import Manager


@pytest.fixture
def manager(tmp_path: Path) -> Iterator[Manager]:
    listening = Manager(tmp_path)
    yield listening
    listening.close()
