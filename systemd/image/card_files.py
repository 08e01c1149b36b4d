"""The files of a card that depend on its settings, as text by path: pure, so that a test can look at them."""

from __future__ import annotations

from dataclasses import dataclass

from card_settings import CardSettings, Wifi

BOOT_ID, ROOT_LABEL, BOOT_LABEL = 0x56494749, "vigil-root", "VIGIL-BOOT"
LOGIN = "admin"


@dataclass(frozen=True)
class File:
    """A text file and its mode."""

    text: str
    mode: int = 0o644


FSTAB = f"""\
LABEL={ROOT_LABEL} / ext4 defaults,noatime 0 1
LABEL={BOOT_LABEL} /boot/firmware vfat defaults,noatime,nofail,x-systemd.device-timeout=10min 0 2
tmpfs /tmp tmpfs nosuid,nodev,size=64M 0 0
"""

ETHERNET = """\
[Match]
Name=en* eth* usb*

[Network]
DHCP=yes
MulticastDNS=yes

[Link]
RequiredForOnline=no
"""

WIRELESS = ETHERNET.replace("en* eth* usb*", "wlan*")

SSH_BY_KEY = f"""\
PasswordAuthentication no
KbdInteractiveAuthentication no
PermitRootLogin no
AllowUsers {LOGIN}
"""

JOURNAL = """\
[Journal]
Storage=persistent
SystemMaxUse=64M
SyncIntervalSec=30s
"""

KERNEL_OPTIONS = "ro quiet"
"""``ro``: systemd mounts the root again as :data:`FSTAB` says; below overlayroot it stays as it is."""

KERNEL_FROM_BACKPORTS = """\
Explanation: the stable kernel has no driver for RP1, which has a Raspberry Pi 5's pins, USB and Ethernet.
Package: linux-image-* linux-base* linux-binary-* linux-modules-*
Pin: release n=trixie-backports
Pin-Priority: 500
"""
"""RP1's drivers: Trixie's 6.12 has none, the 7.3 of its backports has ``pinctrl-rp1``, ``rp1_pci`` and ``rp1-cfe``."""

DEVICE_TREES_SCRIPT = """\
#!/bin/sh
# Kernels from 7.x on keep their device trees beside their modules; raspi-firmware's hook, which comes next, looks for
# them where older ones had theirs.
set -eu
trees=/usr/lib/modules/$1/dtb
if [ -d "$trees" ] && [ ! -e "/usr/lib/linux-image-$1" ]; then
  ln -s "modules/$1/dtb" "/usr/lib/linux-image-$1"
fi
"""

GROW = """\
[Unit]
Description=Let the root partition fill the card
DefaultDependencies=no
After=systemd-remount-fs.service
Before=local-fs.target
ConditionPathExists=!/var/lib/vigil-card/grown

[Service]
Type=oneshot
RemainAfterExit=yes
ExecStart=/usr/local/lib/vigil-card/grow

[Install]
WantedBy=local-fs.target
"""

GROW_SCRIPT = """\
#!/bin/sh
# The last partition of the card is the root one: let it end where the card does.
set -eu
root=$(findmnt -n -o SOURCE /)
disk=/dev/$(lsblk -n -o PKNAME "$root")
number=$(cat "/sys/class/block/$(basename "$root")/partition")
echo ', +' | sfdisk --no-reread --force -N "$number" "$disk"
partx --update --nr "$number" "$disk"
resize2fs "$root"
mkdir -p /var/lib/vigil-card
touch /var/lib/vigil-card/grown
"""

READ_ONLY_SCRIPT = """\
#!/bin/sh
# From the next start on nothing is written to the card: what is changed stays in memory until the power goes.
# Back, for good: overlayroot-chroot rm /etc/overlayroot.local.conf, and restart.
set -eu
sed -i '/ vfat /s/ defaults/ ro/' /etc/fstab
echo 'overlayroot="tmpfs:recurse=0"' > /etc/overlayroot.local.conf.new
sync
mv /etc/overlayroot.local.conf.new /etc/overlayroot.local.conf
sync
"""

READ_ONLY = """\
[Unit]
Description=Write nothing to the card from the next start on
After=vigil-card-grow.service vigil-card-host-keys.service
ConditionPathExists=!/etc/overlayroot.local.conf

[Service]
Type=oneshot
ExecStart=/usr/local/lib/vigil-card/read-only

[Install]
WantedBy=multi-user.target
"""

HOST_KEYS = """\
[Unit]
Description=Make this board's own SSH host keys
Before=ssh.service
ConditionPathExists=!/etc/ssh/ssh_host_ed25519_key

[Service]
Type=oneshot
ExecStart=/usr/bin/ssh-keygen -A

[Install]
WantedBy=ssh.service
"""


def base_files() -> dict[str, File]:
    """What Debian's packages find when they are unpacked, by its path from the root of the card."""
    return {
        "etc/apt/preferences.d/vigil-card": File(KERNEL_FROM_BACKPORTS),
        "etc/kernel/postinst.d/z40-vigil-card-device-trees": File(DEVICE_TREES_SCRIPT, 0o755),
    }


def card_files(settings: CardSettings) -> dict[str, File]:
    """Every file that the settings bring, by its path from the root of the card."""
    files = {
        "etc/hostname": File(f"{settings.hostname}\n"),
        "etc/hosts": File(f"127.0.0.1 localhost\n127.0.1.1 {settings.hostname}\n::1 localhost\n"),
        "etc/fstab": File(FSTAB),
        "etc/default/locale": File("LANG=C.UTF-8\n"),
        # Empty: the board makes its own, and isn't asked for locale and password on its console.
        "etc/machine-id": File(""),
        "etc/systemd/network/20-ethernet.network": File(ETHERNET),
        "etc/systemd/journald.conf.d/vigil.conf": File(JOURNAL),
        "etc/ssh/sshd_config.d/vigil.conf": File(SSH_BY_KEY),
        f"home/{LOGIN}/.ssh/authorized_keys": File("".join(f"{key}\n" for key in settings.ssh_keys), 0o600),
        f"etc/sudoers.d/{LOGIN}": File(f"{LOGIN} ALL=(ALL) NOPASSWD: ALL\n", 0o440),
        "etc/systemd/system/vigil-card-grow.service": File(GROW),
        "etc/systemd/system/vigil-card-host-keys.service": File(HOST_KEYS),
        "usr/local/lib/vigil-card/grow": File(GROW_SCRIPT, 0o755),
        "usr/local/lib/vigil-card/read-only": File(READ_ONLY_SCRIPT, 0o755),
        "etc/default/raspi-firmware": File(f"ROOTPART=LABEL={ROOT_LABEL}\nCMA=0\n"),
        # For the command lines that raspi-firmware writes with each new kernel.
        "etc/default/raspi-extra-cmdline": File(f"{KERNEL_OPTIONS}\n"),
    }
    if settings.config is not None:
        files["etc/vigil/vigil.toml"] = File(settings.config, 0o640)
    if settings.wifi is not None:
        files["etc/systemd/network/25-wireless.network"] = File(WIRELESS)
        files["etc/wpa_supplicant/wpa_supplicant-wlan0.conf"] = File(_wpa(settings.wifi), 0o600)
    if settings.read_only:
        files["etc/systemd/system/vigil-card-read-only.service"] = File(READ_ONLY)
    return files


def units_to_enable(settings: CardSettings) -> list[str]:
    """The services that a card starts with, beside Debian's own choice."""
    units = ["systemd-networkd", "systemd-resolved", "systemd-timesyncd", "ssh"]
    units += ["vigil-card-grow", "vigil-card-host-keys"]
    if settings.read_only:
        units.append("vigil-card-read-only")
    return [*units, "wpa_supplicant@wlan0"] if settings.wifi else units


def _wpa(wifi: Wifi) -> str:
    return f"""\
ctrl_interface=DIR=/run/wpa_supplicant GROUP=netdev
country={wifi.country}
network={{
  ssid="{wifi.ssid}"
  psk="{wifi.password}"
}}
"""
