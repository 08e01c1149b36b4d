"""The config and the bundles that it needs."""

from __future__ import annotations

from edge.config import ConfigProblemsError
from edge.doctor.finding import Finding, failed, ok, warning
from edge.doctor.patient import Patient
from edge.errors import ModelError
from edge.inference import Task, load_bundle
from edge.service.bundles import require_bundles, require_verified


def check_config_file(patient: Patient) -> Finding:
    """Whether the config keeps every rule."""
    checked = patient.checked
    if isinstance(checked, ConfigProblemsError):
        count = len(checked.problems)
        return failed("config", f"{count} problem{'s' if count > 1 else ''}: {'; '.join(checked.problems)}", "mend it")
    name = patient.config_file or "the default config"
    seen = f"{name}: {len(checked.config.outputs)} outputs, {len(checked.config.rules)} rules"
    if checked.warnings:
        return warning("config", f"{seen}; {'; '.join(map(str, checked.warnings))}", "choose other pins, or free these")
    return ok("config", seen)


def check_models(patient: Patient) -> Finding:
    """Whether the bundles that the config needs are whole, and this device computes what it should."""
    tasks = patient.config.tasks
    try:
        require_bundles(patient.config, patient.models)
        require_verified(patient.models, tasks)
    except ModelError as error:
        return failed(
            "models", str(error), "install the bundle again, or put the one before it in force: vigil models repair"
        )
    versions = [
        f"{task.value} {load_bundle(patient.models / task.value, task).manifest.version}"
        for task in Task
        if task in tasks
    ]
    return ok("models", f"{', '.join(versions)}: verified by running them")
