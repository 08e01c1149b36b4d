"""The ``vigil`` command."""

from __future__ import annotations

import argparse
import io
import sys
from collections.abc import Sequence

from edge import __version__
from edge.errors import VigilError

_EPILOG = """\
examples:
  vigil run                                     camera if there is one, else the demo scene
  vigil run --source 0 --pins mock              first USB camera, no real pins
  vigil run --source clip.mkv --until-end --events out.jsonl
  vigil analyze photo.jpg --jsonl               what the device sees in a picture
  vigil bench                                   what a frame costs on this device
  vigil config init vigil.toml                  a commented configuration to start from

exit status: 0 done; 1 some pictures or frames could not be read; 2 wrong usage; 65 damaged model;
66 missing or unreadable input; 69 camera unavailable; 71 pins unavailable; 78 wrong configuration.

Vigil is no certified safety device: it fails in the dark and behind sunglasses.
"""


def build_parser() -> argparse.ArgumentParser:
    """The whole command line; handlers are imported when they run, so that --help is quick."""
    parser = argparse.ArgumentParser(
        prog="vigil",
        description="Sees faces, eyes, emotions and gestures, and switches pins.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action="version", version=f"vigil {__version__}")
    parser.add_argument("-v", "--verbose", action="count", default=0, help="log more; twice for debugging")
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)
    from edge import config_commands
    from edge.bench import commands as bench_commands
    from edge.doctor import commands as doctor_commands
    from edge.service import commands as service_commands

    service_commands.add_run_parser(commands)
    service_commands.add_analyze_parser(commands)
    config_commands.add_parser(commands)
    service_commands.add_models_parser(commands)
    bench_commands.add_parser(commands)
    service_commands.add_pins_parser(commands)
    doctor_commands.add_parser(commands)
    return parser


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit status; an error meant for the user is one message, no traceback."""
    _say_anything()
    parsed = build_parser().parse_args(arguments)
    from edge.service.logs import set_up_logging

    set_up_logging(parsed.verbose)
    try:
        return parsed.handler(parsed)
    except VigilError as error:
        print(f"vigil: {error}", file=sys.stderr)
        return error.exit_status
    except BrokenPipeError:
        sys.stderr.close()
        return 0
    except KeyboardInterrupt:
        return 130


def _say_anything() -> None:
    """Escape on standard output what the locale can't write, such as a file's name in another encoding."""
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")


if __name__ == "__main__":
    sys.exit(main())
