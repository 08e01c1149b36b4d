"""All checks, one after another."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Mapping

from edge.doctor.board import check_board, check_clock, check_disk, check_temperature
from edge.doctor.camera import check_camera
from edge.doctor.finding import Finding, failed
from edge.doctor.patient import Patient
from edge.doctor.permissions import check_permissions
from edge.doctor.pins import check_pins
from edge.doctor.service import check_service
from edge.doctor.setup import check_config_file, check_models
from edge.doctor.software import check_libraries, check_python, check_runtime

log = logging.getLogger(__name__)

Check = Callable[[Patient], Finding]

CHECKS: Mapping[str, Check] = {
    "board": check_board,
    "python": check_python,
    "libraries": check_libraries,
    "runtime": check_runtime,
    "config": check_config_file,
    "models": check_models,
    "permissions": check_permissions,
    "camera": check_camera,
    "pins": check_pins,
    "temperature": check_temperature,
    "disk": check_disk,
    "clock": check_clock,
    "service": check_service,
}
"""By the names of their findings, in the order of the screen."""


def examine(patient: Patient, checks: Mapping[str, Check] = CHECKS) -> Iterator[Finding]:
    """What each check finds, as it finds it.  A check that breaks down is itself a finding."""
    for name, check in checks.items():
        try:
            yield check(patient)
        except Exception as error:
            log.debug("%s", name, exc_info=error)
            yield failed(
                name, f"the check itself failed: {type(error).__name__}: {error}", "vigil -vv doctor says more"
            )
