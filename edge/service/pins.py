"""``vigil pins safe``: every output in its safe state, whatever became of the daemon."""

from __future__ import annotations

import argparse

from edge.actions.pins import board_model, choose
from edge.actions.safe import SafeLine, make_safe, safe_lines
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
        make_safe(choose(arguments.pins, board_model()), _lines_of_config(arguments))
    return OK


def _lines_of_config(arguments: argparse.Namespace) -> tuple[SafeLine, ...]:
    from edge.config import default_config, load_config
    from edge.service.plan import config_path

    path = config_path(arguments.config)
    return safe_lines((load_config(path) if path else default_config()).outputs)
