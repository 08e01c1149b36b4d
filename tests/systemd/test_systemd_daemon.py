"""The daemon under a service manager: readiness, reload, stop, and what is left after a kill."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest
from systemd_fakes import CONFIG, Manager, start_daemon

from edge.cli import main


@pytest.fixture
def daemon(manager: Manager, tmp_path: Path) -> Iterator[SimpleNamespace]:
    """A running daemon, as soon as it is ready; killed at the end if the test hasn't stopped it."""
    config, runtime, events = tmp_path / "vigil.toml", tmp_path / "run", tmp_path / "events.jsonl"
    runtime.mkdir()
    config.write_text(CONFIG.format(output="lamp", pin=17))
    process = start_daemon(manager, config, runtime, "--events", str(events))
    try:
        manager.wait_for("READY=1")
        yield SimpleNamespace(process=process, config=config, runtime=runtime, events=events, manager=manager)
    finally:
        process.kill()
        process.communicate()


def stop(process: subprocess.Popen[str]) -> str:
    """Stop it; what it has logged."""
    process.send_signal(signal.SIGTERM)
    _, logged = process.communicate(timeout=15)
    assert process.returncode == 0, logged
    return logged


def outputs(events: Path) -> list[tuple[str, str, str]]:
    lines = [json.loads(line) for line in events.read_text().splitlines()]
    return [(line["output"], line["action"], line["because"]) for line in lines if "output" in line]


def test_it_says_in_order_what_it_does_and_stops_cleanly(manager: Manager, tmp_path: Path) -> None:
    config, runtime = tmp_path / "vigil.toml", tmp_path / "run"
    runtime.mkdir()
    config.write_text(CONFIG.format(output="lamp", pin=17))
    process = start_daemon(manager, config, runtime)
    for line in ("STATUS=verifying", "STATUS=opening", "WATCHDOG_USEC=30000000", "READY=1", "WATCHDOG=1"):
        manager.wait_for(line)
    assert (runtime / "outputs.json").exists()
    logged = stop(process)
    manager.wait_for("STOPPING=1")
    assert "Traceback" not in logged
    assert not (runtime / "outputs.json").exists()


def test_a_reload_puts_the_new_config_in_force(daemon: SimpleNamespace) -> None:
    wait_for_output(daemon.events, ("lamp", "on", "face"))
    daemon.config.write_text(CONFIG.format(output="beacon", pin=22))
    daemon.process.send_signal(signal.SIGHUP)
    daemon.manager.wait_for("RELOADING=1")
    daemon.manager.wait_for("READY=1")
    wait_for_output(daemon.events, ("beacon", "on", "face"))
    assert "the new configuration is in force" in stop(daemon.process)
    assert outputs(daemon.events) == [
        ("lamp", "on", "face"),
        ("lamp", "off", "face ended"),
        ("beacon", "on", "face"),
        ("beacon", "off", "face ended"),
    ]
    times = [json.loads(line)["t"] for line in daemon.events.read_text().splitlines()]
    assert times == sorted(times), "the clock of a run goes on across a reload"


def test_a_reload_exchanges_the_camera_and_its_clock_goes_on(daemon: SimpleNamespace) -> None:
    wait_for_output(daemon.events, ("lamp", "on", "face"))
    mirrored = daemon.config.read_text().replace("[camera]", "[camera]\nmirror = true")
    daemon.config.write_text(mirrored)
    daemon.process.send_signal(signal.SIGHUP)
    daemon.manager.wait_for("READY=1")
    wait_for_output(daemon.events, ("lamp", "on", "face"), count=2)
    stop(daemon.process)
    times = [json.loads(line)["t"] for line in daemon.events.read_text().splitlines()]
    assert times == sorted(times)


def test_a_bad_config_is_refused_and_each_problem_logged(daemon: SimpleNamespace) -> None:
    daemon.config.write_text(CONFIG.format(output="lamp", pin=99).replace("face", "fase"))
    daemon.process.send_signal(signal.SIGHUP)
    daemon.manager.wait_for("RELOADING=1")
    daemon.manager.wait_for("READY=1")
    daemon.manager.wait_for("STATUS=new configuration refused, the running one stays in force")
    wait_for_output(daemon.events, ("lamp", "on", "face"))
    logged = stop(daemon.process)
    for problem in ("pin", "fase", "the running one stays in force"):
        assert problem in logged


def test_a_damaged_bundle_is_never_ready(manager: Manager, tmp_path: Path, models_dir: Path) -> None:
    import shutil

    models = Path(shutil.copytree(models_dir, tmp_path / "models"))
    network = models / "faces" / "pnet.tflite"
    network.write_bytes(network.read_bytes()[:-1] + b"?")
    config = tmp_path / "vigil.toml"
    config.write_text(CONFIG.format(output="lamp", pin=17))
    process = start_daemon(manager, config, tmp_path, "--models", str(models))
    _, logged = process.communicate(timeout=30)
    assert process.returncode == 65
    assert "damaged or changed" in logged
    with pytest.raises(AssertionError, match="no 'READY=1'"):
        manager.wait_for("READY=1", seconds=0.1)


def test_pins_of_a_killed_daemon_are_made_safe(daemon: SimpleNamespace) -> None:
    daemon.process.kill()
    daemon.process.communicate()
    assert (daemon.runtime / "outputs.json").exists()
    began = time.monotonic()
    done = subprocess.run(
        [sys.executable, "-m", "edge.cli", "pins", "safe"],
        env=os.environ | {"RUNTIME_DIRECTORY": str(daemon.runtime)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert time.monotonic() - began < 10
    assert not (daemon.runtime / "outputs.json").exists()


def test_pins_safe_after_a_clean_stop_has_nothing_to_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RUNTIME_DIRECTORY", str(tmp_path))
    assert main(["pins", "safe", "--config", str(tmp_path / "absent.toml")]) == 0


def wait_for_output(events: Path, expected: tuple[str, str, str], count: int = 1) -> None:
    deadline = time.monotonic() + 20
    while outputs(events).count(expected) < count:
        assert time.monotonic() < deadline, outputs(events)
        time.sleep(0.05)
