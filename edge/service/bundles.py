"""Whether the bundles that a run needs are installed."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path

from edge.config import Config
from edge.config.switches import FAMILIES, family_of
from edge.errors import ModelError
from edge.inference import Drift, Task, load_bundle, verify_bundle
from edge.perception.senses import installed_tasks


class MissingBundleError(ModelError):
    """A bundle isn't installed that the configuration needs."""


def require_bundles(config: Config, models_dir: Path) -> None:
    """Check that every bundle which ``config`` needs is in ``models_dir``.

    Raises:
        MissingBundleError: naming each that isn't, the key that asks for it, the rules that do, and what to do.
    """
    installed = installed_tasks(models_dir)
    if not installed and config.tasks:
        raise MissingBundleError(f"{models_dir}: no bundle in this folder; give the right one with --models")
    missing = config.tasks - installed
    complaints = []
    for family in config.families:
        absent = missing.intersection(FAMILIES[family].tasks)
        if absent:
            complaints.append(f"{models_dir}: {_complaint(family, absent, config)}")
        missing -= absent
    if complaints:
        raise MissingBundleError("\n".join(complaints))


class DriftedBundleError(ModelError):
    """The device computes something else from a bundle than the workstation did."""


def require_verified(models_dir: Path, tasks: Collection[Task]) -> None:
    """Run the golden vectors of the bundles for ``tasks`` in ``models_dir``.

    Raises:
        ModelError: naming the first bundle that is damaged or drifts.
    """
    for task in Task:
        if task in tasks:
            drifted = [drift for drift in verify_bundle(load_bundle(models_dir / task.value, task)) if not drift.passed]
            if drifted:
                raise DriftedBundleError(f"{models_dir / task.value}: {'; '.join(map(drift_in_words, drifted))}")


def drift_in_words(drift: Drift) -> str:
    """Which output is how far from its golden values."""
    return (
        f"output {drift.output!r} of {drift.network} drifted by {drift.steps:g} steps, to {drift.error_ratio:.1f} "
        "times the error that it had"
    )


def _complaint(family: str, absent: Collection[Task], config: Config) -> str:
    table, key = FAMILIES[family].switches[-1]
    numbers = [str(number) for number, rule in enumerate(config.rules, start=1) if family_of(rule.event) == family]
    and_rules = f" and [[rules]] no. {', '.join(numbers)}" if numbers else ""
    and_delete = " and delete those rules" if numbers else ""
    return (
        f"no bundle for {_names(absent)}, needed by [{table}] {key} = true{and_rules}. "
        f"Install what is missing, or set that key to false{and_delete}"
    )


def _names(tasks: Collection[Task]) -> str:
    return " and ".join(task.value for task in Task if task in tasks)
