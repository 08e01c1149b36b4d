"""What a board is known to do: a report kept for each, and how this device compares."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from pydantic import ValidationError

from edge.bench.report import WHOLE, Report
from edge.errors import InputError

MAX_BYTES = 1 << 20


class BadReferenceError(InputError):
    """A reference can't be read or written, or is none."""


@dataclass(frozen=True)
class Comparison:
    """How a report stands to a reference: ``ratios`` by figure, ours over its; empty if they can't be compared.

    ``differing`` are the keys of the workload in which the two differ, ``other_bundles`` the tasks whose bundles do.
    """

    file: str
    board: str
    date: str
    ratios: dict[str, float]
    differing: tuple[str, ...] = ()
    other_bundles: tuple[str, ...] = ()


def default_reference_dir() -> Path:
    """The references installed with the package, else those of the checkout."""
    installed = Path(__file__).resolve().parent / "references"
    return installed if installed.is_dir() else Path(__file__).resolve().parents[2] / "benchmarks" / "reference"


def find_reference(slug: str, folder: Path) -> Path | None:
    """The file for the board of that name, if there is one."""
    file = folder / f"{slug}.json"
    return file if file.is_file() else None


def read_reference(file: Path) -> Report:
    """The report in ``file``.

    Raises:
        BadReferenceError: it can't be read, or holds no report of this version.
    """
    try:
        if file.stat().st_size > MAX_BYTES:
            raise BadReferenceError(f"{file}: larger than {MAX_BYTES} bytes, no reference")
        return Report.model_validate_json(file.read_bytes())
    except OSError as error:
        raise BadReferenceError(f"{file}: can't read this reference ({error.strerror})") from error
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        key = ".".join(map(str, first["loc"])) or "file"
        raise BadReferenceError(
            f"{file}: no reference of this version: {key}: {first['msg']}; make one with vigil bench --save {file}"
        ) from error


def save_reference(report: Report, file: Path) -> None:
    """Write ``report`` to ``file``, for later comparisons.

    Raises:
        BadReferenceError: it can't be written.
    """
    try:
        file.write_text(report.model_dump_json(indent=2) + "\n", "utf-8")
    except OSError as error:
        raise BadReferenceError(f"--save {file}: can't be written ({error.strerror}); name another file") from error


def compare(report: Report, reference: Report, file: Path) -> Comparison:
    """How ``report`` stands to the ``reference`` in ``file``."""
    here, there = _asked(report), _asked(reference)
    differing = tuple(key for key, value in here.items() if value != there[key])
    return Comparison(
        str(file),
        reference.machine.board,
        reference.date,
        {} if differing else _ratios(_figures(report), _figures(reference)),
        differing,
        tuple(task for task, version in report.bundles.items() if reference.bundles.get(task) != version),
    )


def _asked(report: Report) -> dict[str, object]:
    """The workload, and whether each picture was shown: without the later ones the mix is another."""
    return report.workload.model_dump() | {"frames": min(report.frames, report.workload.pictures)}


def _figures(report: Report) -> dict[str, float]:
    """What is compared: all but frames a second are better when they are smaller."""
    whole = report.stages[WHOLE]
    return {
        "frames_per_second": report.frames_per_second,
        "cpu_seconds_per_frame": report.cpu_seconds_per_frame,
        "peak_memory_mib": report.peak_memory_mib,
        "median_ms": whole.median_ms or 0.0,
        "p95_ms": whole.p95_ms or 0.0,
        **{f"{name}_ms": stage.median_ms or 0.0 for name, stage in report.stages.items() if name != WHOLE},
    }


def _ratios(here: dict[str, float], there: dict[str, float]) -> dict[str, float]:
    return {name: value / there[name] for name, value in here.items() if there.get(name, 0) > 0}
