"""A Raspberry Pi 3B in QEMU that boots a card's image: a shell by SSH, its pins by QEMU's monitor."""

from __future__ import annotations

import contextlib
import re
import socket
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import IO

KERNEL, INITRD, DEVICE_TREE, COMMAND_LINE = "vmlinuz", "initrd.img", "bcm2837-rpi-3-b.dtb", "cmdline.txt"
BOOT_START_BYTES = 4 << 20
CARD_SIZE = "4G"
"""QEMU wants a power of two; the root file system grows into it."""

BOOT_SECONDS = 1800
"""For hanging, not for speed: on one core of 2025 the first boot to a ready service took 230 s."""

GPIO_LEVELS = 0x3F200034
"""``GPLEV0`` of the BCM2837: a bit for each of the GPIOs 0 to 31 (BCM2835 ARM Peripherals, section 6.1)."""

EMULATED = "systemd.show_status=yes maxcpus=1 modprobe.blacklist=vchiq,vc4,bcm2835_v4l2,snd_bcm2835,btbcm,hci_uart"
"""Goes after the card's own kernel command line.  QEMU has no VideoCore and no Bluetooth: their drivers would wait for
them, or fall over."""

ACCELERATOR = "tcg,thread=single,tb-size=1024"
"""One thread takes turns for all four cores: with a thread each, the three that Linux leaves parked spin (QEMU takes
``wfe`` for a no-op) and the one that works gets a quarter of the machine.  1 GiB of translations: NumPy, OpenCV and
the runtime fill the default."""


class BoardError(Exception):
    """The board did not do in time what it should; tells what its console said last."""


class EmulatedBoard:
    """Boots a copy of ``image``, a raw one: of an overlay QEMU keeps tables in memory, which a power cut would take."""

    def __init__(self, image: Path, key: Path, folder: Path) -> None:
        self._image, self._key, self._folder = image, key, folder
        self._card = folder / "card.img"
        self._monitor_path, self._console = folder / "monitor", folder / "console.log"
        self._process: subprocess.Popen[bytes] | None = None
        self._log: IO[bytes] | None = None
        self.ssh_port = _free_port()
        _run("cp", "--sparse=always", image, self._card)
        _run("truncate", "--size", CARD_SIZE, self._card)
        for name in (KERNEL, INITRD, DEVICE_TREE, COMMAND_LINE):
            self._copy_from_boot(name)

    def _copy_from_boot(self, name: str) -> None:
        """Take a file out of the image's boot partition, as the firmware does; the kernel's end in their version."""
        listing = _run("mdir", "-b", "-i", f"{self._image}@@{BOOT_START_BYTES}", "::/")
        (found,) = [line for line in listing.splitlines() if re.fullmatch(rf"::/{re.escape(name)}(-\S+)?", line)][-1:]
        target = self._folder / name
        _run("mcopy", "-o", "-i", f"{self._image}@@{BOOT_START_BYTES}", found, target)

    def power_on(self) -> None:
        """Start to boot; a board that is still on, after a test that failed, loses its power first."""
        self.cut_power()
        command_line = f"{(self._folder / COMMAND_LINE).read_text().strip()} {EMULATED}"
        self._log = self._console.open("ab")
        self._process = subprocess.Popen(
            [
                *("qemu-system-aarch64", "-M", "raspi3b", "-m", "1G", "-accel", ACCELERATOR),
                *("-display", "none", "-no-reboot"),
                *("-kernel", self._folder / KERNEL, "-initrd", self._folder / INITRD),
                *("-dtb", self._folder / DEVICE_TREE, "-append", command_line),
                *("-drive", f"file={self._card},if=sd,format=raw"),
                *("-serial", "null", "-serial", "stdio"),
                *("-monitor", f"unix:{self._monitor_path},server,nowait"),
                *("-netdev", f"user,id=net,restrict=on,hostfwd=tcp:127.0.0.1:{self.ssh_port}-:22"),
                *("-device", "usb-net,netdev=net"),
            ],
            stdin=subprocess.DEVNULL,
            stdout=self._log,
            stderr=subprocess.STDOUT,
        )

    def shut_down(self, seconds: float) -> None:
        """Shut the board down as its owner would, and pull the plug then."""
        self.ssh("sudo systemctl poweroff", check=False)
        deadline = time.monotonic() + seconds
        while self._process is not None and self._process.poll() is None:
            if time.monotonic() > deadline:
                raise BoardError(f"not down within {seconds:g} s; the console: {self.console()[-2000:]}")
            time.sleep(0.2)
        self.cut_power()

    def cut_power(self) -> None:
        """As if the plug were pulled."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None
        if self._log is not None:
            self._log.close()
            self._log = None
        self._monitor_path.unlink(missing_ok=True)

    def discard(self) -> None:
        """Switch it off for good: its card goes too."""
        self.cut_power()
        self._card.unlink()

    def card_digest(self) -> str:
        """SHA-256 of the whole card."""
        return _run("sha256sum", self._card).split()[0]

    def console(self) -> str:
        """What the serial console has shown."""
        return self._console.read_text(errors="replace")

    def levels(self) -> int:
        """The levels of GPIO 0 to 31 as bits, read from outside through the register."""
        with socket.socket(socket.AF_UNIX) as monitor:
            monitor.settimeout(30)
            monitor.connect(str(self._monitor_path))
            _read_until(monitor, b"(qemu) ")
            monitor.sendall(f"xp /1wx {GPIO_LEVELS:#x}\n".encode())
            answer = _read_until(monitor, b"\n(qemu) ").decode()
        found = re.search(r": (0x[0-9a-f]{8})", answer)
        if found is None:
            raise BoardError(f"QEMU's monitor answered {answer!r}")
        return int(found[1], 16)

    def is_high(self, pin: int) -> bool:
        return bool(self.levels() >> pin & 1)

    def ssh(self, command: str, *, check: bool = True, seconds: float = 300) -> subprocess.CompletedProcess[str]:
        """Run a command as ``admin``.

        Raises
        ------
        BoardError
            it fails, and ``check`` is set
        """
        done = subprocess.run(
            ["ssh", *self._ssh_options(), "-p", str(self.ssh_port), "admin@127.0.0.1", command],
            capture_output=True,
            text=True,
            check=False,
            timeout=seconds,
        )
        if check and done.returncode != 0:
            raise BoardError(f"{command!r} ended with {done.returncode}: {done.stdout}{done.stderr}")
        return done

    def copy(self, source: Path, target: str) -> None:
        """Copy a file or folder to the board, into a place that ``admin`` may write to."""
        options = [*self._ssh_options(), "-P", str(self.ssh_port)]
        _run("scp", "-q", "-r", *options, source, f"admin@127.0.0.1:{target}")

    def _ssh_options(self) -> list[str]:
        options = {
            "IdentityFile": str(self._key),
            "IdentitiesOnly": "yes",
            "StrictHostKeyChecking": "no",
            "UserKnownHostsFile": "/dev/null",
            "LogLevel": "ERROR",
            "BatchMode": "yes",
            "ConnectTimeout": "60",
            "ControlMaster": "auto",
            "ControlPath": str(self._folder / "ssh"),
            "ControlPersist": "600",
        }
        return [word for key, value in options.items() for word in ("-o", f"{key}={value}")]

    def wait_for(self, what: str, holds: Callable[[], bool], seconds: float) -> float:
        """Wait until ``holds()``; how many seconds that took.

        Raises
        ------
        BoardError
            it doesn't hold in time, or QEMU has ended
        """
        began = time.monotonic()
        while time.monotonic() - began < seconds:
            if self._process is not None and self._process.poll() is not None:
                raise BoardError(f"QEMU has ended while waiting for {what}: {self.console()[-2000:]}")
            with contextlib.suppress(subprocess.TimeoutExpired):
                if holds():
                    return time.monotonic() - began
            time.sleep(0.2)
        raise BoardError(f"no {what} within {seconds:g} s; the console: {self.console()[-2000:]}")

    def wait_for_pin(self, pin: int, high: bool, seconds: float) -> float:
        return self.wait_for(
            f"{'high' if high else 'low'} level of GPIO {pin}", lambda: self.is_high(pin) == high, seconds
        )

    def wait_for_ssh(self, seconds: float) -> float:
        return self.wait_for("SSH", lambda: self.ssh("true", check=False, seconds=90).returncode == 0, seconds)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _read_until(monitor: socket.socket, end: bytes) -> bytes:
    received = b""
    while not received.endswith(end):
        chunk = monitor.recv(4096)
        if not chunk:
            raise BoardError("QEMU's monitor has hung up")
        received += chunk
    return received


def _run(*words: str | Path) -> str:
    done = subprocess.run([str(word) for word in words], capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise BoardError(f"{words[0]}: {done.stderr}")
    return done.stdout
