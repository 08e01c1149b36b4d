"""The service and its restarts."""

from __future__ import annotations

from edge.doctor.finding import Finding, failed, ok, warning
from edge.doctor.patient import Patient

_JOURNAL = "journalctl -u vigil -b says why"
_REASONS = {
    65: "a damaged model",
    66: "a missing input",
    69: "no camera",
    71: "a pin that can't be used",
    78: "a mistake in the config",
}
"""Exit statuses of the daemon (`edge.errors`)."""


def check_service(patient: Patient) -> Finding:
    """Whether the service is installed, runs, and stays up."""
    unit = patient.unit
    if not unit.is_installed:
        return warning("service", "not installed: nothing starts at boot", "sudo systemd/install")
    if unit.active == "failed" or unit.sub == "auto-restart":
        because = _REASONS.get(unit.exit_status, unit.result)
        return failed(
            "service",
            f"{unit.active} ({unit.sub}), because of {because}",
            f"{_JOURNAL}; then: sudo systemctl restart vigil",
        )
    if not unit.is_active:
        return warning("service", f"{unit.active} ({unit.sub}) {unit.status}".rstrip(), "sudo systemctl start vigil")
    seen = f"active: {unit.status}" if unit.status else "active"
    if unit.restarts:
        return warning("service", f"{seen}; restarted {unit.restarts} times", _JOURNAL)
    return ok("service", seen)
