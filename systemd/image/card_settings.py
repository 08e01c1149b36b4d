"""The settings of one card, from its TOML file."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

try:
    import tomllib
except ImportError:  # Python 3.10
    import tomli as tomllib


class CardError(Exception):
    """The card can't be built; its text is for the person who builds it."""


@dataclass(frozen=True)
class Wifi:
    """A network to join."""

    country: str
    ssid: str
    password: str


@dataclass(frozen=True)
class CardSettings:
    """What tells one card from another; ``config`` is the text of a ``vigil.toml``, ``None`` for the default."""

    hostname: str
    ssh_keys: tuple[str, ...]
    timezone: str = "UTC"
    config: str | None = None
    read_only: bool = False
    wifi: Wifi | None = None


_HOSTNAME = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?")
_SSH_KEY = re.compile(r"(ssh-|ecdsa-|sk-)\S+ [A-Za-z0-9+/=]+( .*)?")
_KEYS = {"hostname", "ssh_keys", "timezone", "config", "read_only", "wifi"}
_WIFI_KEYS = {"country", "ssid", "password"}


def read_settings(path: Path) -> CardSettings:
    """The settings in the file ``path``.

    Raises:
        CardError: naming the key, the rule and what was received.
    """
    try:
        document = tomllib.loads(path.read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise CardError(f"{path}: can't be read: {error}") from error
    try:
        return _settings(document, path.parent)
    except CardError as error:
        raise CardError(f"{path}: {error}") from error


def _settings(document: dict[str, Any], folder: Path) -> CardSettings:
    _refuse_unknown(document, _KEYS)
    hostname = _text(document, "hostname")
    if not _HOSTNAME.fullmatch(hostname):
        raise CardError(f"hostname: small letters, digits and - only, received {hostname!r}")
    config = document.get("config")
    return CardSettings(
        hostname,
        _ssh_keys(document.get("ssh_keys", [])),
        _text(document, "timezone", "UTC"),
        (folder / config).read_text("utf-8") if config else None,
        bool(document.get("read_only", False)),
        _wifi(document["wifi"]) if "wifi" in document else None,
    )


def _ssh_keys(received: Any) -> tuple[str, ...]:
    if not isinstance(received, list) or not received:
        raise CardError("ssh_keys: at least one public key, else nobody could log in")
    for key in received:
        if not isinstance(key, str) or not _SSH_KEY.fullmatch(key):
            raise CardError(f'ssh_keys: public keys such as "ssh-ed25519 AAAA… name", received {key!r}')
    return tuple(received)


def _wifi(table: dict[str, Any]) -> Wifi:
    _refuse_unknown(table, _WIFI_KEYS)
    wifi = Wifi(*(_text(table, key) for key in ("country", "ssid", "password")))
    if not re.fullmatch("[A-Z]{2}", wifi.country):
        raise CardError(f'wifi.country: two capital letters such as "DE", received {wifi.country!r}')
    if not 8 <= len(wifi.password) <= 63:
        raise CardError("wifi.password: 8 to 63 characters (WPA)")
    if '"' in wifi.ssid + wifi.password or not (wifi.ssid + wifi.password).isprintable():
        raise CardError('wifi: no " and no control characters in ssid and password')
    return wifi


def _text(table: dict[str, Any], key: str, default: str | None = None) -> str:
    value = table.get(key, default)
    if not isinstance(value, str) or not value:
        raise CardError(f"{key}: must be text, received {value!r}")
    return value


def _refuse_unknown(table: dict[str, Any], known: set[str]) -> None:
    if unknown := sorted(set(table) - known):
        raise CardError(f"unknown key {unknown[0]}; known are {', '.join(sorted(known))}")
