"""What a person types, what ``ssh`` is given, and what is never sent."""

from __future__ import annotations

import os
import shlex
import shutil
from pathlib import Path

import numpy as np
import pytest

from convert.cli import main
from convert.deploy import errors
from convert.deploy.address import Address, parse_address
from convert.deploy.errors import DeployError
from convert.deploy.parcel import pack
from convert.deploy.protocol import REFUSALS, plain
from convert.deploy.ssh import Route, unconnected

BUNDLE = "models/eyes"


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("board", Address("board")),
        ("pi@raspberrypi.local", Address("pi@raspberrypi.local")),
        ("pi@10.0.0.7:2222", Address("pi@10.0.0.7", 2222)),
        ("fe80::1%eth0", Address("fe80::1%eth0")),
        ("pi@[fe80::1]:22", Address("pi@fe80::1", 22)),
        ("me@corp@board", Address("me@corp@board")),
    ],
)
def test_addresses(text: str, address: Address) -> None:
    assert parse_address(text) == address


@pytest.mark.parametrize(
    "text", ["", "-oProxyCommand=evil", "a b", "board:", "board:0", "board:99999", "board:x", "@board", "b\x1b[2J"]
)
def test_what_is_no_address(text: str) -> None:
    with pytest.raises(ValueError, match="received"):
        parse_address(text)


def test_the_command_line_of_ssh() -> None:
    route = Route(Address("pi@board", 2222), Path("my key"), ("ProxyJump=gate",), sudo=True)
    command = route.command(["python3", "-c", "print('; reboot')"])
    assert command[-3:-1] == ["--", "pi@board"]
    assert shlex.split(command[-1]) == ["sudo", "-n", "python3", "-c", "print('; reboot')"]
    assert command.index("BatchMode=yes") < command.index("ProxyJump=gate") < command.index("ConnectTimeout=20")
    assert command[command.index("-p") :][:4] == ["-p", "2222", "-i", "my key"]


@pytest.mark.parametrize(
    ("complaint", "error"),
    [
        ("ssh: Could not resolve hostname b: Name or service not known", errors.NoHostError),
        ("ssh: connect to host b port 22: No route to host", errors.UnavailableError),
        ("No ED25519 host key is known for b.\nHost key verification failed.", errors.DeniedError),
        ("pi@b: Permission denied (publickey,password).", errors.DeniedError),
        ("", errors.UnavailableError),
    ],
)
def test_what_ssh_complains_of(complaint: str, error: type[DeployError]) -> None:
    assert type(unconnected("b", complaint)) is error


def test_every_refusal_of_the_board_has_its_error() -> None:
    from convert.deploy import board

    source = Path(board.__file__).read_text()
    kinds = {kind for kind in REFUSALS if f'"{kind}"' in source}
    assert kinds == set(REFUSALS)
    assert {"full", "denied", "system"} <= kinds


def test_another_machine_cannot_steer_the_terminal() -> None:
    assert plain("no\x1b[2J\rway\n") == "no?[2J?way\n"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([BUNDLE, "-oProxyCommand=evil"], "required: HOST"),
        ([BUNDLE, "a b"], "expected user@host, host:port or an alias of your ssh config, received 'a b'"),
        ([BUNDLE, "board", "--port", "0"], "a port is 1 to 65535, received '0'"),
    ],
)
def test_wrong_usage(arguments: list[str], message: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["deploy", *arguments])
    assert ended.value.code == 2
    assert message in capsys.readouterr().err


def test_two_ports(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["deploy", BUNDLE, "board:22", "--port", "23"]) == 2
    assert "HOST already names port 22" in capsys.readouterr().err


def test_a_rollback_of_nothing_known(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["deploy", "smells", "board", "--rollback"]) == 2
    assert "expected the name of a bundle on the board, one of faces, hands" in capsys.readouterr().err


def test_no_ssh_on_this_machine(
    models_dir: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    assert main(["deploy", str(models_dir / "eyes"), "board"]) == 69
    assert "no `ssh` command on this machine; install OpenSSH's client" in capsys.readouterr().err


LOCAL = """\
#!/bin/sh
printf 'Welcome to this board!'
for command; do :; done
exec sh -c "$command"
"""
"""An `ssh` that greets as a shell's start-up files may, and leads to this very machine."""


def test_a_shell_that_greets(models_dir: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, program in (("ssh", LOCAL), ("vigil", "#!/bin/sh\necho pass\n")):
        (tmp_path / name).write_text(program)
        (tmp_path / name).chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    (tmp_path / "models").mkdir()
    assert main(["deploy", str(models_dir / "eyes"), "here", "--models", str(tmp_path / "models")]) == 0
    assert (tmp_path / "models" / "eyes" / "manifest.json").is_file()


def test_a_wrong_folder(models_dir: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["deploy", str(tmp_path / "none"), "board"]) == 66
    assert "no such folder; give that of a bundle, such as models/eyes" in capsys.readouterr().err
    assert main(["deploy", str(models_dir), "board"]) == 66
    assert f"give one of the bundles in it: {models_dir}/emotion, {models_dir}/eyes" in capsys.readouterr().err


@pytest.fixture
def bundle(models_dir: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(models_dir / "eyes", tmp_path / "eyes"))


def test_only_the_bundle_travels(bundle: Path, tmp_path: Path) -> None:
    (bundle / "notes.txt").write_text("private")
    assert [file.name for file in pack(bundle).files] == ["README.md", "eyes.tflite", "golden.npz", "manifest.json"]
    (tmp_path / "key").write_text("private")
    (bundle / "README.md").unlink()
    (bundle / "README.md").symlink_to(tmp_path / "key")
    assert [file.name for file in pack(bundle).files] == ["eyes.tflite", "golden.npz", "manifest.json"]


def test_a_bundle_that_drifts_here_is_not_sent(bundle: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("edge.inference.verify.MAX_DRIFT_STEPS", -np.inf)
    monkeypatch.setattr("edge.inference.verify.MAX_ERROR_RATIO", -np.inf)
    with pytest.raises(errors.UnfitBundleError, match=r"doesn't repeat its golden vectors on this machine \(logits\)"):
        pack(bundle)


def test_help_says_where_bundles_go(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(os.environ, "COLUMNS", "200")
    with pytest.raises(SystemExit):
        main(["deploy", "--help"])
    assert "default: $VIGIL_MODELS of its vigil.service" in capsys.readouterr().out
