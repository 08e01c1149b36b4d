"""The root file system of a card: Debian for arm64, Vigil in it, and the card's own files."""

from __future__ import annotations

import hashlib
import logging
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterable, Mapping
from pathlib import Path

from card_files import LOGIN, File, base_files, card_files, units_to_enable
from card_settings import CardError, CardSettings

log = logging.getLogger("image")

HERE = Path(__file__).resolve().parent
CHECKOUT = HERE.parent.parent
SUITE, PYTHON = "trixie", "3.13"
MIRROR, SECURITY = "http://deb.debian.org/debian", "http://security.debian.org/debian-security"
COMPONENTS = "main non-free-firmware"
SOURCES = (
    f"deb {MIRROR} {SUITE} {COMPONENTS}",
    f"deb {MIRROR} {SUITE}-updates {COMPONENTS}",
    f"deb {SECURITY} {SUITE}-security {COMPONENTS}",
    f"deb {MIRROR} {SUITE}-backports {COMPONENTS}",
)
LEFT_OUT = ("/usr/share/man/*", "/usr/share/locale/*", "/usr/share/doc/*")
TAGS = ("manylinux2014_aarch64", *(f"manylinux_2_{minor}_aarch64" for minor in (17, 27, 28, 31, 34, 39)))
"""Wheels that run on Trixie, whose glibc is 2.41."""

PIP = (sys.executable, "-m", "pip", "--quiet", "--disable-pip-version-check")
FOR_THE_CARD = (
    *("--only-binary=:all:", "--python-version", PYTHON, "--implementation", "cp"),
    *(word for tag in TAGS for word in ("--platform", tag)),
)

COMPILED = (
    *("edge.cli", "edge.service.run", "edge.service.models", "edge.service.repair", "edge.service.pins"),
    *("edge.doctor.examine", "edge.actions.lines", "edge.actions.gpiochip", "edge.camera.demo.source"),
    *("ai_edge_litert.interpreter", "gpiozero", "cv2"),
)
"""Modules that the service imports, others with them."""

EPOCH = 1735689600
"""2025-01-01, which all times of making are set to: Python puts its sources' times into what it compiles."""

ARM64_INTERPRETER = Path("/proc/sys/fs/binfmt_misc/qemu-aarch64")


def run(*words: str | Path, **options: object) -> None:
    """Run a command; its output goes where ours does.

    Raises:
        CardError: it fails.
    """
    log.info("%s", " ".join(map(str, words)))
    done = subprocess.run([str(word) for word in words], check=False, **options)  # type: ignore[call-overload]
    if done.returncode != 0:
        raise CardError(f"{words[0]} failed with status {done.returncode}; its own message is above")


def in_root(root: Path, *words: str, **environment: str) -> None:
    """Run a command of the card itself, by the processor's emulator where this machine's is another."""
    settings = [f"{key}={value}" for key, value in {"DEBIAN_FRONTEND": "noninteractive", **environment}.items()]
    run("chroot", root, "/usr/bin/env", "-i", "PATH=/usr/sbin:/usr/bin:/sbin:/bin", "HOME=/root", *settings, *words)


def packages() -> list[str]:
    """The Debian packages of a card, from ``packages.txt``."""
    lines = (HERE / "packages.txt").read_text("utf-8").splitlines()
    return [line for line in lines if line and not line.startswith("#")]


def base_archive(cache: Path) -> Path:
    """Debian without Vigil as a tar archive, out of ``cache`` if the same packages and sources made it before."""
    recipe = "\n".join([*packages(), *SOURCES, *LEFT_OUT, repr(base_files())])
    archive = cache / f"base-{hashlib.sha256(recipe.encode()).hexdigest()[:16]}.tar"
    if not archive.exists():
        _bootstrap(archive)
    return archive


def _bootstrap(archive: Path) -> None:
    unfinished, early = archive.with_suffix(".part.tar"), archive.with_suffix(".early")
    shutil.rmtree(early, ignore_errors=True)
    write_files(early, base_files())
    run(
        *("mmdebstrap", "--arch=arm64", "--variant=minbase", "--mode=root", "--format=tar"),
        '--aptopt=Acquire::Languages "none"',
        *(f"--dpkgopt=path-exclude={pattern}" for pattern in LEFT_OUT),
        "--dpkgopt=path-include=/usr/share/doc/*/copyright",
        f"--setup-hook=copy-in {early}/etc /",
        *(f"--include={','.join(packages())}", SUITE, unfinished, *SOURCES),
    )
    shutil.rmtree(early)
    unfinished.rename(archive)


def wheelhouse(cache: Path) -> Path:
    """Vigil's wheel and those that it needs, for the card's Python and processor."""
    wheels = cache / "wheels"
    wheels.mkdir(parents=True, exist_ok=True)
    for old in wheels.glob("vigil-*.whl"):
        old.unlink()
    run(*PIP, "wheel", "--no-deps", "--wheel-dir", wheels, CHECKOUT)
    (own,) = wheels.glob("vigil-*.whl")
    run(*PIP, "download", "--dest", wheels, *FOR_THE_CARD, own)
    return wheels


def make_root(root: Path, base: Path, wheels: Path, settings: CardSettings) -> None:
    """Unpack Debian, install Vigil, and put the settings in place; ``root`` is an empty folder."""
    began = time.time()
    run("tar", "--extract", "--numeric-owner", "--xattrs", "--file", base, "--directory", root)
    write_files(root, card_files(settings))
    in_root(root, "useradd", "--create-home", "--shell", "/bin/bash", "--password", "*", LOGIN)
    in_root(root, "chown", "-R", f"{LOGIN}:{LOGIN}", f"/home/{LOGIN}")
    install_vigil(root, wheels, began)
    in_root(root, "systemctl", "enable", "--quiet", *units_to_enable(settings))
    in_root(root, "ln", "-sf", f"/usr/share/zoneinfo/{settings.timezone}", "/etc/localtime")
    in_root(root, "ln", "-sf", "/run/systemd/resolve/stub-resolv.conf", "/etc/resolv.conf")
    clean(root)
    settle_times(root, began)


def write_files(root: Path, files: Mapping[str, File]) -> None:
    """Write ``files``, by their paths from ``root``."""
    for name, file in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(file.text, "utf-8")
        path.chmod(file.mode)


def make_environment(root: Path, wheels: Path) -> None:
    """Unpack the wheels into ``/opt/vigil`` with this machine's pip: the card's own would take an hour."""
    in_root(root, "python3", "-m", "venv", "--without-pip", "/opt/vigil")
    packages = root / f"opt/vigil/lib/python{PYTHON}/site-packages"
    (own,) = wheels.glob("vigil-*.whl")
    run(
        *(*PIP, "install", "--no-compile", "--no-index", "--find-links", wheels, "--target", packages),
        *(*FOR_THE_CARD, own),
    )
    shutil.rmtree(packages / "bin", ignore_errors=True)
    command = root / "opt/vigil/bin/vigil"
    command.write_text("#!/opt/vigil/bin/python\nimport sys\n\nfrom edge.cli import main\n\nsys.exit(main())\n")
    command.chmod(0o755)


def install_vigil(root: Path, wheels: Path, began: float) -> None:
    """Run Vigil's own installer on the card, for all but the environment; the building ``began`` then."""
    make_environment(root, wheels)
    inside = root / "tmp/vigil"
    shutil.copytree(CHECKOUT / "systemd", inside / "systemd", ignore=shutil.ignore_patterns("image"))
    (inside / "docs").mkdir()
    shutil.copy(CHECKOUT / "docs/board.md", inside / "docs")
    in_root(root, "sh", "/tmp/vigil/systemd/install", "--keep-environment")
    in_root(root, "chgrp", "vigil", "/etc/vigil/vigil.toml")
    settle_times(root / "opt/vigil", began)
    # Compiled here, because the service may not write beside its modules.  The networks can't be run: the runtime
    # reads the processor's features from /proc, which is this machine's.
    in_root(root, "/opt/vigil/bin/python", "-c", f"import {', '.join(COMPILED)}")
    shutil.rmtree(inside)


def settle_times(folder: Path, began: float) -> None:
    """Date everything changed since ``began`` at :data:`EPOCH`, so that the same inputs give the same files."""
    for path in (folder, *folder.rglob("*")):
        if path.lstat().st_mtime >= began:
            os.utime(path, (EPOCH, EPOCH), follow_symlinks=False)


def clean(root: Path) -> None:
    """Remove what belongs to the building, not to the card: its identity, host keys, logs, lists of packages."""
    leftovers: Iterable[Path] = [
        *root.glob("etc/ssh/ssh_host_*"),
        *root.glob("var/log/*.log"),
        *root.glob("var/log/apt/*"),
        *root.glob("var/lib/apt/lists/*_*"),
        *root.glob("var/cache/apt/*.bin"),
        root / "var/lib/systemd/random-seed",
        root / "var/lib/dbus/machine-id",
    ]
    for path in leftovers:
        if path.is_file():
            path.unlink()


def check_machine() -> None:
    """Refuse a machine that can't build a card.

    Raises:
        CardError: with what to install.
    """
    if os.geteuid() != 0:
        raise CardError("needs root, to make files of other users: sudo systemd/image/build …")
    needed = {
        "mmdebstrap": "mmdebstrap",
        "mke2fs": "e2fsprogs",
        "mkfs.vfat": "dosfstools",
        "mcopy": "mtools",
        "sfdisk": "fdisk",
    }
    if missing := sorted(package for command, package in needed.items() if shutil.which(command) is None):
        raise CardError(f"needs more packages: sudo apt install {' '.join(missing)}")
    if os.uname().machine != "aarch64" and not ARM64_INTERPRETER.exists():
        raise CardError(
            "can't run the card's programs: sudo apt install qemu-user-static binfmt-support, and then, in a "
            "container, mount -t binfmt_misc none /proc/sys/fs/binfmt_misc; update-binfmts --enable qemu-aarch64"
        )
