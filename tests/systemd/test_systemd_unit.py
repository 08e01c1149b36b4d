"""The unit file: its time-outs against the budget that derives them, and its sandbox."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections import defaultdict
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from convert.deploy import board
from edge.camera import CameraSettings
from edge.cli import build_parser
from edge.errors import ConfigError, ModelError
from edge.service import budget
from edge.service.options import UsageError

UNIT = Path(__file__).resolve().parents[2] / "systemd" / "vigil.service"
MAX_EXPOSURE = 2.5


@pytest.fixture(scope="module")
def unit() -> dict[str, list[str]]:
    """Every setting of the unit, whatever its section, in the order of the file."""
    settings = defaultdict(list)
    for line in UNIT.read_text().splitlines():
        if "=" in line and not line.startswith("#"):
            key, value = line.split("=", 1)
            settings[key].append(value)
    return settings


@pytest.mark.parametrize(
    ("key", "seconds"),
    [
        ("TimeoutStartSec", budget.START_SECONDS),
        ("TimeoutStopSec", budget.STOP_SECONDS),
        ("WatchdogSec", budget.WATCHDOG_SECONDS),
    ],
)
def test_the_unit_states_what_the_budget_derives(unit: dict[str, list[str]], key: str, seconds: float) -> None:
    (stated,) = unit[key]
    assert seconds <= float(stated) <= seconds + 1


def test_the_order_of_the_time_outs() -> None:
    assert budget.TICK_SECONDS < budget.POLL_SECONDS < budget.OUTPUTS_SAFE_SECONDS
    assert budget.POLL_SECONDS + budget.FRAME_SECONDS + 2 * budget.THREAD_SECONDS < budget.STOP_SECONDS
    assert budget.FRAME_SECONDS + budget.POLL_SECONDS < budget.WATCHDOG_SECONDS
    assert budget.FEED_SECONDS < budget.WATCHDOG_SECONDS / 2
    assert budget.CAMERA_OPEN_SECONDS + budget.MAX_READ_TIMEOUT_SECONDS < budget.START_SECONDS
    assert budget.CAMERA_OPEN_SECONDS < budget.EXCHANGE_SECONDS
    assert budget.START_SECONDS + budget.STOP_SECONDS < board.RESTART_TIMEOUT_SECONDS


@given(read_timeout=st.floats(1, budget.MAX_READ_TIMEOUT_SECONDS), give_up=st.floats(0, 3600))
def test_no_config_makes_the_watchdog_bite_a_healthy_daemon(read_timeout: float, give_up: float) -> None:
    """Silent until the camera is declared lost, in the middle of a slow frame; then fed until its reader gives up."""
    assert budget.watchdog_seconds(read_timeout) > read_timeout + budget.FRAME_SECONDS + budget.POLL_SECONDS
    absence = budget.absence_seconds(give_up, read_timeout)
    assert (absence is None) == (give_up == 0)
    assert absence is None or absence > give_up + budget.CAMERA_OPEN_SECONDS + read_timeout


def test_the_budget_knows_the_longest_read_timeout_of_a_config() -> None:
    (bound,) = (each.le for each in CameraSettings.model_fields["read_timeout_seconds"].metadata if hasattr(each, "le"))
    assert bound == budget.MAX_READ_TIMEOUT_SECONDS


def test_the_unit_calls_commands_that_exist(unit: dict[str, list[str]]) -> None:
    lines = [line for key in ("ExecStart", "ExecReload", "ExecStopPost") for line in unit[key]]
    commands = [command for line in lines for command in re.findall(r"/opt/vigil/bin/vigil ([^']*)", line)]
    assert len(commands) == 4
    for command in commands:
        assert callable(build_parser().parse_args(command.split()).handler)


def test_a_bundle_is_repaired_after_the_exit_status_of_a_damaged_one(unit: dict[str, list[str]]) -> None:
    assert f'"$$EXIT_STATUS" != {ModelError.exit_status} ]' in unit["ExecStopPost"][1]


def test_what_a_restart_cannot_mend_is_not_tried_again(unit: dict[str, list[str]]) -> None:
    assert unit["RestartPreventExitStatus"] == [f"{UsageError.exit_status} {ConfigError.exit_status}"]


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="systemd-analyze is not installed")
def test_the_sandbox_is_tight() -> None:
    done = subprocess.run(
        ["systemd-analyze", "security", "--offline=true", "--no-pager", str(UNIT)],
        capture_output=True,
        text=True,
        check=False,
    )
    if "unrecognized option" in done.stderr:
        pytest.skip("this systemd-analyze can't judge a unit file by itself")
    exposure = re.search(r"Overall exposure level for vigil.service: (\S+)", done.stdout)
    assert exposure is not None, done.stderr
    assert float(exposure[1]) <= MAX_EXPOSURE
