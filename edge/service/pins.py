"""``vigil pins safe``: every output in its safe state, whatever became of the daemon."""

from __future__ import annotations

import argparse
from collections.abc import Mapping

from edge.actions.outputs import Outputs
from edge.actions.settings import OutputSettings
from edge.errors import OutputError
from edge.service.pinrecord import PinRecord

OK = 0


def safe(arguments: argparse.Namespace) -> int:
    """Make outputs safe and release them.

    In a service these are the ones that a killed daemon has left behind, if any; else those of the config.

    Raises:
        OutputError: naming each output that can't be set, after all the others have been.
    """
    record = PinRecord.from_environment()
    left_behind = record.read()
    if left_behind is not None:
        make_safe(*left_behind)
        record.clear()
    elif not record.is_kept:
        make_safe(arguments.pins, _outputs_of_config(arguments))
    return OK


def make_safe(pins: str, outputs: Mapping[str, OutputSettings]) -> None:
    """Open each output in its safe state and close it again; one that fails keeps no other from being made safe."""
    failures = []
    for name, table in outputs.items():
        at_rest = table.model_copy(update={"initial": table.safe})
        try:
            Outputs.open({name: at_rest}, pins).close()
        except OutputError as error:
            failures.append(str(error))
    if failures:
        raise OutputError("not made safe: " + "; ".join(failures))


def _outputs_of_config(arguments: argparse.Namespace) -> Mapping[str, OutputSettings]:
    from edge.config import default_config, load_config
    from edge.service.plan import config_path

    path = config_path(arguments.config)
    return (load_config(path) if path else default_config()).outputs
