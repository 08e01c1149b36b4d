"""From a root file system to the image of a card: partition table, boot partition, root partition."""

from __future__ import annotations

import os
import shutil
import subprocess
import uuid
from pathlib import Path

from card_files import BOOT_ID, BOOT_LABEL, KERNEL_OPTIONS, ROOT_LABEL
from card_rootfs import EPOCH, run
from card_settings import CardError

MIB = 1 << 20
BOOT_START_MIB, BOOT_MIB = 4, 384
ROOT_START_MIB = BOOT_START_MIB + BOOT_MIB
ROOT_SPARE = 1.25
"""The root file system gets this many times its files' size, and grows on the board."""

COMMAND_LINE = (
    f"console=tty0 console=ttyS1,115200 root=LABEL={ROOT_LABEL} fsck.repair=yes net.ifnames=0 rootwait "
    f"{KERNEL_OPTIONS}\n"
)
"""Without ``cma=``, which would keep a Raspberry Pi 4 from booting (Debian's z50-raspi-firmware says so)."""

NEEDED_TO_BOOT = (
    *("config.txt", "vmlinuz-*", "initrd.img-*", "bootcode.bin", "start.elf", "start4.elf"),
    *("bcm2837-rpi-3-b.dtb", "bcm2711-rpi-4-b.dtb", "bcm2712-rpi-5-b.dtb", "bcm2712-d-rpi-5-b.dtb"),
)
"""The last is the later Raspberry Pi 5's (stepping D0)."""


def make_image(root: Path, work: Path, image: Path) -> None:
    """Write the image of a card whose files are in the folder ``root``."""
    boot = work / "boot"
    shutil.rmtree(boot, ignore_errors=True)
    shutil.move(root / "boot/firmware", boot)
    (root / "boot/firmware").mkdir()
    check_boot(boot)
    (boot / "cmdline.txt").write_text(COMMAND_LINE)
    for changed in (boot / "cmdline.txt", root / "boot/firmware", root / "boot"):
        os.utime(changed, (EPOCH, EPOCH))
    unfinished = image.with_suffix(".part")
    root_mib = _root_mib(root)
    with unfinished.open("wb") as file:
        file.truncate((ROOT_START_MIB + root_mib) * MIB)
    _partition(unfinished, root_mib)
    _put(_boot_partition(boot, work), unfinished, BOOT_START_MIB)
    _put(_root_partition(root, work, root_mib), unfinished, ROOT_START_MIB)
    unfinished.rename(image)


def check_boot(boot: Path) -> None:
    """Refuse a folder ``boot`` that some board wouldn't start from: the names change with Debian's kernels.

    Raises:
        CardError: naming what is missing.
    """
    if missing := [pattern for pattern in NEEDED_TO_BOOT if not any(boot.glob(pattern))]:
        raise CardError(f"Debian's kernel and raspi-firmware left no {', '.join(missing)} in /boot/firmware")


def _root_mib(root: Path) -> int:
    """How large the root partition is to be: its files, with room, in whole MiB."""
    used = subprocess.run(["du", "-sk", str(root)], capture_output=True, text=True, check=True).stdout
    return int(int(used.split()[0]) / 1024 * ROOT_SPARE) + 64


def _partition(image: Path, root_mib: int) -> None:
    table = (
        f"label: dos\nlabel-id: {BOOT_ID:#x}\n"
        f"start={BOOT_START_MIB}MiB, size={BOOT_MIB}MiB, type=c, bootable\n"
        f"start={ROOT_START_MIB}MiB, size={root_mib}MiB, type=83\n"
    )
    run("sfdisk", "--quiet", image, input=table.encode())


def _boot_partition(files: Path, work: Path) -> Path:
    """A FAT file system, which the firmware reads; a Raspberry Pi 3 needs FAT and an MBR."""
    partition = work / "boot.fat"
    partition.unlink(missing_ok=True)
    size_kib = BOOT_MIB * 1024
    run("mkfs.vfat", "-F", "32", "-n", BOOT_LABEL, "-i", f"{BOOT_ID:x}", "--invariant", "-C", partition, str(size_kib))
    run("mcopy", "-s", "-m", "-i", partition, *sorted(files.iterdir()), "::/", env={"SOURCE_DATE_EPOCH": str(EPOCH)})
    return partition


def _root_partition(root: Path, work: Path, size_mib: int) -> Path:
    partition = work / "root.ext4"
    partition.unlink(missing_ok=True)
    identity = uuid.uuid5(uuid.NAMESPACE_DNS, ROOT_LABEL)
    run(
        *("mke2fs", "-q", "-t", "ext4", "-L", ROOT_LABEL, "-U", str(identity), "-E", f"hash_seed={identity}"),
        *("-m", "1", "-d", root, partition, f"{size_mib}M"),
        env={"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "E2FSPROGS_FAKE_TIME": str(EPOCH)},
    )
    return partition


def _put(partition: Path, image: Path, start_mib: int) -> None:
    run("dd", f"if={partition}", f"of={image}", "bs=1M", f"seek={start_mib}", "conv=notrunc,sparse", "status=none")
    partition.unlink()
