"""``vigil config check|schema|init``."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

from edge.errors import ConfigError

OK = 0


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command ``config``; each subcommand's ``handler`` takes the parsed arguments and returns a status."""
    config = subparsers.add_parser("config", help="check, describe or write a configuration file")
    commands = config.add_subparsers(title="subcommands", metavar="SUBCOMMAND", required=True)

    check = commands.add_parser(
        "check",
        help="check a file: typos, types, pins used twice, rules about what doesn't exist",
        description="Check a configuration file and name everything that is wrong in it. Exit status 0 or 78.",
    )
    check.add_argument("file", type=Path, metavar="FILE")
    check.add_argument(
        "--models", type=Path, metavar="DIR", help="bundles whose labels the rules may use; default: the installed ones"
    )
    check.set_defaults(handler=run_check)

    schema = commands.add_parser(
        "schema",
        help="print the JSON Schema of the file",
        description="Print the JSON Schema of the configuration file, which editors use to complete and check.",
    )
    schema.set_defaults(handler=run_schema)

    init = commands.add_parser(
        "init",
        help="write a commented default file",
        description="Write a commented default configuration; an existing file is never overwritten.",
    )
    init.add_argument("file", type=Path, metavar="FILE", nargs="?", help="left out: print it")
    init.set_defaults(handler=run_init)


def run_check(arguments: argparse.Namespace) -> int:
    """Print ``OK: …`` and what to beware of, or every problem on a line of its own."""
    from edge.config import ConfigProblemsError, check_config, labels_of
    from edge.inference.bundle import default_models_dir

    labels = labels_of(arguments.models or default_models_dir())
    try:
        checked = check_config(arguments.file, labels)
    except ConfigProblemsError as error:
        count = len(error.problems)
        print(f"{error}\n{arguments.file}: {count} problem{'s' if count > 1 else ''}", file=sys.stderr)
        return error.exit_status
    for warning in checked.warnings:
        print(f"{arguments.file}: warning: {warning}", file=sys.stderr)
    outputs = ", ".join(f"{name} GPIO{output.pin}" for name, output in checked.config.outputs.items())
    print(
        f"OK: {arguments.file}: {len(checked.config.outputs)} outputs ({outputs or 'none'}), "
        f"{len(checked.config.rules)} rules"
    )
    return OK


def run_schema(arguments: argparse.Namespace) -> int:
    """Print the JSON Schema."""
    from edge.config import Config

    print(json.dumps(Config.model_json_schema(by_alias=True), indent=2))
    return OK


def run_init(arguments: argparse.Namespace) -> int:
    """Write the default file, or print it.

    Raises:
        ConfigError: where the file exists or can't be written.
    """
    from edge.config import default_toml

    if arguments.file is None:
        print(default_toml(), end="")
        return OK
    try:
        with arguments.file.open("x", encoding="utf-8") as file:
            file.write(default_toml())
    except FileExistsError as error:
        raise ConfigError(f"{arguments.file}: exists already and is not overwritten; choose another name") from error
    except OSError as error:
        raise ConfigError(f"{arguments.file}: can't be written ({error.strerror})") from error
    print(f"wrote {arguments.file}; check changes with: vigil config check {arguments.file}")
    return OK
