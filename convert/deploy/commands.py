"""``vigil-convert deploy``."""

from __future__ import annotations

import argparse
import os
from pathlib import Path

from convert.deploy.address import Address, parse_address
from edge.inference.manifest import Task
from edge.service.options import UsageError

_EPILOG = """\
examples:
  vigil-convert deploy models/gesture pi@raspberrypi.local
  vigil-convert deploy models/gesture board --sudo --restart
  vigil-convert deploy gesture board --rollback

The bundle is checked here, copied beside the one in force, verified on the board by its own `vigil models verify`, and
then put in force in one step. Whatever fails, the one that was in force stays so. It goes by your OpenSSH client: keys,
agent, ~/.ssh/config and known_hosts as in a terminal; it never asks for a password.

exit status: 0 in force; 2 wrong usage; 65 damaged bundle, or one that drifts here or on the board; 66 no bundle in this
folder; 68 unknown host; 69 board unreachable, or without vigil, its service or a bundle from before; 71 the service
didn't run with it and the one before is back; 73 wrong or full folder on the board; 75 connection lost or another
deployment under way: try again; 76 unforeseen answer; 77 host key unknown or changed, or no permission.
"""


def add_parser(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add ``deploy``."""
    parser = commands.add_parser(
        "deploy",
        help="put a bundle in force on a board over SSH",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "bundle", type=Path, metavar="BUNDLE", help="the bundle's folder, models/TASK; with --rollback TASK is enough"
    )
    parser.add_argument("host", type=_address, metavar="HOST", help="user@host, host:port or an alias of ~/.ssh/config")
    parser.add_argument("--rollback", action="store_true", help="put the one that was there before in force again")
    parser.add_argument(
        "--models",
        metavar="DIR",
        help="folder of bundles on the board; default: $VIGIL_MODELS of its vigil.service, else the one that its "
        "vigil reads for the user who logs in",
    )
    parser.add_argument(
        "--vigil", default="vigil", metavar="PATH", help="the command there (default vigil, also in /opt/vigil/bin)"
    )
    parser.add_argument("--restart", action="store_true", help="restart vigil.service, and undo if it doesn't run then")
    parser.add_argument("--sudo", action="store_true", help="install as root, by sudo without a password")
    parser.add_argument("--dry-run", action="store_true", help="check all but copy nothing, and say what would be done")
    parser.add_argument("--port", type=_port, metavar="N", help="of the board's SSH server, as in HOST:N")
    parser.add_argument("--identity", type=Path, metavar="FILE", help="the private key to log in with")
    parser.add_argument(
        "-o", dest="options", action="append", default=[], metavar="KEY=VALUE", help="any option of ssh_config"
    )
    parser.set_defaults(handler=run)


def run(arguments: argparse.Namespace) -> int:
    """Deploy or roll back, and return the exit status."""
    from convert.deploy.deploy import deploy, roll_back
    from convert.deploy.protocol import Options
    from convert.deploy.ssh import Route

    route = Route(_with_port(arguments), arguments.identity, tuple(arguments.options), arguments.sudo)
    options = Options(arguments.vigil, arguments.models, arguments.restart, arguments.dry_run)
    if arguments.rollback:
        roll_back(_named_task(arguments.bundle), route, options)
    else:
        deploy(arguments.bundle, route, options)
    return os.EX_OK


def _address(text: str) -> Address:
    try:
        return parse_address(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from error


def _port(text: str) -> int:
    if not text.isdecimal() or not 1 <= int(text) <= 65535:
        raise argparse.ArgumentTypeError(f"a port is 1 to 65535, received {text!r}")
    return int(text)


def _with_port(arguments: argparse.Namespace) -> Address:
    address: Address = arguments.host
    if arguments.port is None:
        return address
    if address.port not in (None, arguments.port):
        raise UsageError(f"--port {arguments.port}: HOST already names port {address.port}; give one of them")
    return Address(address.destination, arguments.port)


def _named_task(bundle: Path) -> Task:
    try:
        return Task(bundle.name)
    except ValueError as error:
        names = ", ".join(task.value for task in Task)
        raise UsageError(f"--rollback {bundle}: expected the name of a bundle on the board, one of {names}") from error
