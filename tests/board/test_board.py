"""A card's image on an emulated Raspberry Pi: from the first boot to a lamp, and through what may go wrong.

The tests run in this order on one board.  An emulated board is slow, so that time is stretched: the scene has one
picture in two seconds, and time limits are for hanging, not for speed.
"""

from __future__ import annotations

import json
import re
import time
from pathlib import Path

import pytest
from board_emulator import BOOT_SECONDS, EmulatedBoard

pytestmark = pytest.mark.slow

CYCLE_SECONDS = 600
"""Time for a face to come and to go: 50 s of the scene, seen by a slow board, and a start of the service."""

LAMP, OTHER = 17, 27

CONFIG = """
[camera]
source = "{source}"
width_px = 320
height_px = 180
rate_hz = {rate}
reconnect_give_up_seconds = 0
loop = {loop}
[detection]
hands = false
min_face_px = 40
[emotion]
enabled = false
[drowsiness]
enabled = {drowsiness}
[face]
appear_seconds = 1
vanish_seconds = 8
max_gap_seconds = 7
[outputs.lamp]
type = "led"
pin = {pin}
{rule}
"""

LAMP_ON = """
[[rules]]
while = "{event}"
do = "lamp.on"
"""


def configure(board: EmulatedBoard, source: str, pin: int = LAMP, *, event: str = "face", rule: str = LAMP_ON) -> None:
    """Replace the board's config."""
    is_folder = source.startswith("/")
    text = CONFIG.format(
        source=source,
        pin=pin,
        rate=0.5 if is_folder else 1,
        loop=str(is_folder).lower(),
        drowsiness=str(event.startswith("drowsiness")).lower(),
        rule=rule.replace("{event}", event),
    )
    board.ssh(f"sudo tee /etc/vigil/vigil.toml >/dev/null <<'END'\n{text}\nEND")


def state(board: EmulatedBoard) -> dict[str, str]:
    """What systemd knows of the service."""
    answer = board.ssh("systemctl show vigil -p ActiveState -p SubState -p StatusText -p MainPID -p NRestarts").stdout
    return dict(line.split("=", 1) for line in answer.splitlines())


def wait_until_active(board: EmulatedBoard, seconds: float = CYCLE_SECONDS) -> float:
    return board.wait_for("active service", lambda: state(board)["ActiveState"] == "active", seconds)


def journal(board: EmulatedBoard, lines: int = 100) -> str:
    return board.ssh(f"sudo journalctl -u vigil --no-pager -o cat -n {lines}").stdout


def blocks_of_the_guide(language: str) -> list[str]:
    """The code that docs/board.md shows from where a person is at the board's shell."""
    page = (Path(__file__).resolve().parents[2] / "docs" / "board.md").read_text("utf-8")
    at_the_board = page[page.index("## Look whether it works") :]
    return re.findall(rf"^```{language}\n(.*?)^```", at_the_board, re.MULTILINE | re.DOTALL)


def test_the_card_boots_and_its_service_becomes_ready(new_board: EmulatedBoard) -> None:
    """The card is the one that users flash, with the unit's own time limits; its config plays the demo scene."""
    new_board.wait_for_ssh(BOOT_SECONDS)
    wait_until_active(new_board, BOOT_SECONDS)
    new_board.wait_for("status", lambda: "watching" in state(new_board)["StatusText"], CYCLE_SECONDS)
    boot_to_ready = new_board.ssh("systemctl show vigil -p ActiveEnterTimestampMonotonic --value").stdout.strip()
    print(f"boot to ready: {int(boot_to_ready) / 1e6:.0f} s of the board's clock")
    assert "Raspberry Pi 3" in new_board.ssh("tr -d '\\0' </proc/device-tree/model").stdout


def test_the_root_file_system_fills_the_card(board: EmulatedBoard) -> None:
    kilobytes = int(board.ssh("df --output=size / | tail -n 1").stdout)
    assert kilobytes > 3_000_000


def test_nobody_logs_in_by_password(board: EmulatedBoard) -> None:
    effective = board.ssh("sudo sshd -T").stdout
    assert "passwordauthentication no" in effective
    assert "permitrootlogin no" in effective


def test_the_service_is_confined(board: EmulatedBoard) -> None:
    exposure = board.ssh("systemd-analyze security vigil --no-pager | tail -n 1").stdout
    found = re.search(r"for vigil.service: (\S+)", exposure)
    assert found is not None, exposure
    assert float(found[1]) <= 2.5


def test_doctor_finds_everything_but_a_camera(board: EmulatedBoard) -> None:
    board.ssh("sudo systemctl stop vigil")
    configure(board, "auto")
    done = board.ssh("sudo vigil doctor --json", check=False)
    checks = {check["name"]: check for check in json.loads(done.stdout)["checks"]}
    assert checks["pins"]["state"] == "ok", checks["pins"]
    assert checks["permissions"]["state"] == "ok", checks["permissions"]
    assert checks["models"]["state"] == "ok", checks["models"]
    assert "Raspberry Pi 3" in checks["board"]["seen"]
    assert checks["camera"]["state"] == "failed"
    assert done.returncode == 1


def test_doctor_names_who_holds_a_pin(board: EmulatedBoard) -> None:
    board.ssh(f"sudo systemd-run --unit=holder gpioset -c gpiochip0 {LAMP}=1")
    answer = board.ssh("sudo vigil doctor --json", check=False).stdout
    board.ssh("sudo systemctl stop holder")
    (pins,) = [check for check in json.loads(answer)["checks"] if check["name"] == "pins"]
    assert pins["state"] == "failed"
    assert "gpioset (process" in pins["seen"]


def test_a_face_switches_the_lamp(board: EmulatedBoard, scene: Path) -> None:
    board.copy(scene, "/tmp/scene")
    board.ssh("sudo mv /tmp/scene /var/lib/vigil/scene && sudo chown -R vigil: /var/lib/vigil/scene")
    configure(board, "/var/lib/vigil/scene")
    board.ssh("sudo systemctl restart vigil")
    board.wait_for_pin(LAMP, True, CYCLE_SECONDS)
    board.wait_for_pin(LAMP, False, CYCLE_SECONDS)
    board.wait_for_pin(LAMP, True, CYCLE_SECONDS)
    told = journal(board)
    assert told.index("face appeared") < told.index("lamp on, because of face") < told.index("face gone")


def test_the_led_of_the_guide_blinks(board: EmulatedBoard) -> None:
    """The rule that docs/board.md gives, put in and loaded as it says."""
    (rule,) = blocks_of_the_guide("toml")
    configure(board, "/var/lib/vigil/scene", rule=rule)
    board.ssh("sudo systemctl reload vigil")
    for high in (True, False) * 3:
        board.wait_for_pin(LAMP, high, CYCLE_SECONDS)
    assert "lamp blink, because of face" in journal(board)


def test_doctor_is_content_now(board: EmulatedBoard) -> None:
    done = board.ssh("sudo vigil doctor", check=False)
    assert done.returncode == 0, done.stdout
    assert "Vigil can do its job" in done.stdout


def commands_of_the_guide() -> list[str]:
    """What a person types there, editors aside."""
    return [line for block in blocks_of_the_guide("bash") for line in block.splitlines() if " nano " not in line]


@pytest.mark.parametrize("command", commands_of_the_guide())
def test_a_command_of_the_guide_works(board: EmulatedBoard, command: str) -> None:
    assert board.ssh(command.removesuffix(" -f")).returncode == 0


def test_a_reload_moves_the_lamp_to_another_pin(board: EmulatedBoard) -> None:
    before = state(board)["MainPID"]
    configure(board, "/var/lib/vigil/scene", pin=OTHER)
    board.ssh("sudo systemctl reload vigil")
    board.wait_for_pin(OTHER, True, CYCLE_SECONDS)
    assert not board.is_high(LAMP)
    assert state(board)["MainPID"] == before


def test_a_bad_config_is_refused_and_what_ran_goes_on(board: EmulatedBoard) -> None:
    before = state(board)["MainPID"]
    board.ssh("sudo cp /etc/vigil/vigil.toml /tmp/good && echo 'oops = 1' | sudo tee -a /etc/vigil/vigil.toml")
    done = board.ssh("sudo systemctl reload vigil", check=False)
    assert done.returncode != 0
    assert "unknown key" in journal(board)
    assert (state(board)["MainPID"], state(board)["ActiveState"]) == (before, "active")
    board.ssh("sudo cp /tmp/good /etc/vigil/vigil.toml")
    board.wait_for_pin(OTHER, True, CYCLE_SECONDS)


def test_a_killed_daemon_leaves_safe_pins_and_comes_back(board: EmulatedBoard) -> None:
    board.wait_for_pin(OTHER, True, CYCLE_SECONDS)
    before = state(board)["MainPID"]
    board.ssh("sudo systemctl kill --signal=KILL --kill-whom=main vigil")
    board.wait_for_pin(OTHER, False, 60)
    board.wait_for("another process", lambda: state(board)["MainPID"] not in ("0", before), CYCLE_SECONDS)
    wait_until_active(board)
    board.wait_for_pin(OTHER, True, CYCLE_SECONDS)


def test_a_stop_makes_the_pins_safe_at_once(board: EmulatedBoard) -> None:
    board.wait_for_pin(OTHER, True, CYCLE_SECONDS)
    board.ssh("sudo systemctl stop --no-block vigil")
    board.wait_for_pin(OTHER, False, 20)
    board.wait_for("stop", lambda: state(board)["ActiveState"] == "inactive", 120)


def test_a_damaged_bundle_is_refused_and_the_whole_one_put_back(board: EmulatedBoard) -> None:
    model = "/opt/vigil/models/faces/pnet.tflite"
    board.ssh(f"printf x | sudo dd of={model} bs=1 seek=1000 conv=notrunc status=none")
    board.ssh("sudo systemctl start vigil", check=False)
    wait_until_active(board)
    told = journal(board)
    assert "damaged or changed" in told
    assert "is in force instead" in told
    assert board.ssh("vigil models verify").returncode == 0


def test_a_full_disk_does_not_end_the_service(board: EmulatedBoard) -> None:
    before = state(board)["MainPID"]
    board.ssh("sudo fallocate -l $(df --output=avail -B1 /var/lib/vigil | tail -n 1) /var/lib/vigil/full")
    board.wait_for_pin(OTHER, False, CYCLE_SECONDS)
    board.wait_for_pin(OTHER, True, CYCLE_SECONDS)
    assert state(board)["MainPID"] == before
    disk = board.ssh("sudo vigil doctor --json", check=False).stdout
    assert '"name": "disk",\n      "state": "failed"' in disk
    board.ssh("sudo rm /var/lib/vigil/full")


def test_an_unplugged_camera_makes_the_pins_safe_and_comes_back(board: EmulatedBoard) -> None:
    plug = "echo vivid.0 | sudo tee /sys/bus/platform/drivers/vivid/{}"
    board.ssh("sudo modprobe vivid n_devs=1 node_types=0x1 vid_cap_nr=0")
    configure(board, "v4l2:/dev/video0", event="drowsiness.cannot-judge")
    board.ssh("sudo systemctl restart vigil", check=False)
    wait_until_active(board)
    board.ssh(plug.format("unbind"))
    board.wait_for("loss", lambda: "camera lost" in state(board)["StatusText"], CYCLE_SECONDS)
    assert not board.is_high(LAMP)
    assert "cannot judge: the camera is lost" in journal(board)
    board.ssh(plug.format("bind"))
    board.wait_for("recovery", lambda: "watching" in state(board)["StatusText"], CYCLE_SECONDS)


def test_a_power_cut_in_mid_write_leaves_config_and_bundles_whole(board: EmulatedBoard) -> None:
    configure(board, "/var/lib/vigil/scene")
    board.ssh("sync; sudo sh -c 'cp -r /opt/vigil/models /opt/vigil/models.copy' >/dev/null 2>&1 &")
    time.sleep(2)
    board.cut_power()
    board.power_on()
    board.wait_for_ssh(BOOT_SECONDS)
    assert board.ssh("sudo vigil config check /etc/vigil/vigil.toml").returncode == 0
    assert board.ssh("vigil models verify").returncode == 0
    wait_until_active(board, BOOT_SECONDS)
    board.wait_for_pin(LAMP, True, CYCLE_SECONDS)


def test_a_card_in_use_can_be_made_read_only(board: EmulatedBoard) -> None:
    """And starts so after a power cut, which leaves its file system to be repaired."""
    board.ssh("sudo /usr/local/lib/vigil-card/read-only")
    board.cut_power()
    board.power_on()
    board.wait_for_ssh(BOOT_SECONDS)
    assert board.ssh("findmnt -n -o FSTYPE /").stdout.strip() == "overlay"
    board.wait_for_pin(LAMP, True, BOOT_SECONDS)
    for below in ("/media/root-ro", "/boot/firmware"):
        assert "ro" in board.ssh(f"findmnt -n -o OPTIONS {below}").stdout.strip().split(",")
