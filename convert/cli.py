"""The ``vigil-convert`` command: from data sets to verified bundles, on a workstation."""

from __future__ import annotations

import argparse
import logging
import sys
from collections.abc import Sequence

from edge import __version__
from edge.errors import VigilError

_EPILOG = """\
exit status: 0 done; 2 wrong usage; 65 damaged or unfit network; 66 missing or unreadable data;
74 a result can't be written; 78 wrong recipe. `vigil-convert deploy --help` lists those of a deployment.
"""


def build_parser() -> argparse.ArgumentParser:
    """The whole command line; Keras is imported when a command runs, so that --help is quick."""
    parser = argparse.ArgumentParser(
        prog="vigil-convert",
        description="Trains Vigil's networks, turns them into int8 bundles, judges these and puts them on boards.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action="version", version=f"vigil-convert {__version__}")
    parser.add_argument("-v", "--verbose", action="store_true", help="log debugging messages too")
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)
    from convert.bundle import commands as bundle
    from convert.deploy import commands as deployment
    from convert.evaluate import commands as evaluation
    from convert.importing import commands as importing
    from convert.training import commands as training

    for room in (training, bundle, importing, evaluation, deployment):
        room.add_parser(commands)
    return parser


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit status; an error meant for the user is one message, no traceback."""
    parsed = build_parser().parse_args(arguments)
    logging.basicConfig(level=logging.DEBUG if parsed.verbose else logging.INFO, format="%(levelname)s: %(message)s")
    try:
        return parsed.handler(parsed)
    except VigilError as error:
        print(f"vigil-convert: {error}", file=sys.stderr)
        return error.exit_status
    except KeyboardInterrupt:
        return 130


if __name__ == "__main__":
    sys.exit(main())
