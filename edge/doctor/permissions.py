"""Whether the user may use camera and pins."""

from __future__ import annotations

import grp
import os
import pwd
from collections.abc import Iterator
from pathlib import Path

from edge.doctor.finding import Finding, failed, ok
from edge.doctor.patient import Patient

SERVICE_USER = "vigil"
DEVICES = {
    "video*": "video",
    "media*": "video",
    "dma_heap/*": "video",
    "gpiochip*": "gpio",
}
"""Device files that Vigil uses, below ``/dev``, and the group that is meant to own them."""


def check_permissions(patient: Patient) -> Finding:
    """Whether the device files that are there may be used: by the service's user if it is root who asks."""
    devices = list(_devices(patient.root))
    if os.geteuid() == 0:
        if not patient.unit.is_installed:
            return ok("permissions", "root may use everything")
        return _for_service(devices)
    user = pwd.getpwuid(os.geteuid()).pw_name
    refused = [path for path, _ in devices if not os.access(path, os.R_OK | os.W_OK)]
    groups = sorted({group for path, group in devices if path in refused})
    if refused:
        return failed(
            "permissions",
            f"user {user} may not use {', '.join(map(str, refused))}",
            f"sudo usermod -aG {','.join(groups)} {user}, then log in again",
        )
    return ok("permissions", f"user {user} may use all {len(devices)} device files")


def _for_service(devices: list[tuple[Path, str]]) -> Finding:
    try:
        user = pwd.getpwnam(SERVICE_USER)
    except KeyError:
        return failed("permissions", f"there is no user {SERVICE_USER}", "sudo systemd/install")
    belongs_to = set(os.getgrouplist(user.pw_name, user.pw_gid)) | _unit_groups()
    refused = [path for path, _ in devices if not _may_use(path, user.pw_uid, belongs_to)]
    if refused:
        return failed(
            "permissions",
            f"user {SERVICE_USER} may not use {', '.join(map(str, refused))}",
            "sudo systemd/install puts the udev rules in place; then restart the board",
        )
    return ok("permissions", f"user {SERVICE_USER} may use all {len(devices)} device files")


def _devices(root: Path) -> Iterator[tuple[Path, str]]:
    for pattern, group in DEVICES.items():
        for path in sorted((root / "dev").glob(pattern)):
            yield path, group


def _unit_groups() -> set[int]:
    """The groups that the unit adds."""
    found = set()
    for name in ("video", "gpio", "render"):
        try:
            found.add(grp.getgrnam(name).gr_gid)
        except KeyError:
            continue
    return found


def _may_use(path: Path, uid: int, groups: set[int]) -> bool:
    """Whether the file's mode lets this user read and write it; access control lists aside."""
    status = path.stat()
    if status.st_uid == uid:
        return status.st_mode & 0o600 == 0o600
    if status.st_gid in groups:
        return status.st_mode & 0o060 == 0o060
    return status.st_mode & 0o006 == 0o006
