"""Whether the pins can be had, by opening each."""

from __future__ import annotations

from edge.actions import gpiochip
from edge.actions.outputs import Outputs
from edge.actions.pins import choose
from edge.actions.settings import OutputSettings
from edge.doctor import holders
from edge.doctor.finding import Finding, failed, ok, warning
from edge.doctor.patient import Patient
from edge.errors import OutputError

MOCK = "mock"


def check_pins(patient: Patient) -> Finding:
    """Whether every output's pin can be opened; each is set to its safe state and released."""
    outputs = patient.config.outputs
    names = ", ".join(f"{name} GPIO{table.pin}" for name, table in outputs.items()) or "no outputs"
    if not outputs:
        return ok("pins", "the config has no outputs")
    factory = choose(patient.pins, patient.board)
    if factory == MOCK:
        return warning("pins", f"{names}: simulated, this machine has no GPIO", "run Vigil on a Raspberry Pi or Jetson")
    if patient.unit.is_active:
        return ok("pins", f"{names}: in use by the service (process {patient.unit.pid})")
    faults = [fault for name, table in outputs.items() if (fault := _try(name, table, factory, patient))]
    if faults:
        return failed("pins", "; ".join(faults), "stop what holds a pin, or choose others in the config")
    return ok("pins", f"{names}: each opened and released")


def _try(name: str, table: OutputSettings, factory: str, patient: Patient) -> str | None:
    """What keeps the output's pin from being opened; ``None`` if nothing does."""
    try:
        Outputs.open({name: table.model_copy(update={"initial": table.safe})}, factory).close()
    except OutputError as error:
        return f"{error}{_user(table.pin, patient)}"
    return None


def _user(pin: int, patient: Patient) -> str:
    """Who holds the pin, where somebody does and the kernel tells."""
    try:
        chip = gpiochip.header_chip(patient.root)
        line = gpiochip.line_info(chip, pin) if chip else None
    except OSError:
        return ""
    if chip is None or line is None or not line.is_used:
        return ""
    return f" (held as {line.consumer!r} by {holders.in_words(holders.line_holders(chip, pin, patient.root))})"
