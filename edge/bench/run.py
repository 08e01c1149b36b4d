"""One benchmark from the pictures to the report."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path

from edge import __version__
from edge.bench.machine import describe_machine
from edge.bench.measure import Sample, Subject, measure, measure_alone, peak_memory_mib, stages, warm_up
from edge.bench.meter import Metered, Use
from edge.bench.pictures import Pictures, read_pictures
from edge.bench.progress import Progress
from edge.bench.report import NetworkUse, Report, Workload
from edge.inference import Task
from edge.inference.operations import OperationsUnknownError, count_macs, operations
from edge.inference.runtime import describe
from edge.vision.settings import DetectionSettings

MIB = 1 << 20


@dataclass(frozen=True)
class Options:
    """What to measure: so many ``frames``, or for so many ``seconds``."""

    source: str
    models_dir: Path
    detection: DetectionSettings
    frames: int | None
    seconds: float | None


def run(options: Options, progress: Progress) -> Report:
    """Measure as ``options`` say.

    Raises:
        UsageError, InputError: the source is none that can be measured on; see :func:`read_pictures`.
        BundleError: a bundle is missing or damaged.
    """
    pictures = read_pictures(options.source, lambda share: progress.tell("getting pictures", share))
    frames = pictures.endlessly()
    started = time.perf_counter()
    subject = Subject(options.models_dir, options.detection)
    subject.show(next(frames))
    load_seconds = time.perf_counter() - started
    warm_up(subject, frames)
    before = subject.meter.read()
    samples = measure(
        subject,
        frames,
        lambda share: progress.tell("measuring", share),
        most=options.frames,
        seconds=options.seconds,
    )
    uses = subject.meter.since(before)
    alone = measure_alone(subject, pictures, lambda share: progress.tell("pictures alone", share))
    peak = peak_memory_mib()  # before networks are built once more, to count what they compute
    whole_seconds = sum(sample.seconds for sample in samples)
    return Report(
        date=datetime.now(timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ"),
        vigil=__version__,
        machine=describe_machine(describe(subject.meter.networks[0].model)),
        workload=_workload(options, pictures, subject),
        frames=len(samples),
        load_seconds=load_seconds,
        frames_per_second=len(samples) / whole_seconds,
        cpu_seconds_per_frame=sum(sample.cpu_seconds for sample in samples) / len(samples),
        outside_networks=1 - sum(sample.network_seconds for sample in samples) / whole_seconds,
        peak_memory_mib=peak,
        pictures_mib=pictures.bytes / MIB,
        stages=stages(samples, alone),
        networks=tuple(_network_uses(subject.meter.networks, uses, samples)),
        bundles={task.value: manifest.version for task, manifest in subject.meter.manifests.items()},
    )


def _workload(options: Options, pictures: Pictures, subject: Subject) -> Workload:
    height, width = pictures.frames[0].image.shape[:2]
    return Workload(
        source=pictures.source,
        width_px=width,
        height_px=height,
        pictures=len(pictures.frames),
        threads=options.detection.threads,
        min_face_px=options.detection.min_face_px,
        min_hand_px=options.detection.min_hand_px,
        tasks=tuple(task.value for task in subject.tasks),
    )


def _network_uses(networks: Sequence[Metered], uses: Sequence[Use], samples: Sequence[Sample]) -> Iterator[NetworkUse]:
    """The networks that ran, those of one task together."""
    ran = [(metered, use) for metered, use in zip(networks, uses, strict=True) if use.calls]
    for metered, use in sorted(ran, key=lambda pair: tuple(Task).index(pair[0].task)):
        macs, number, delegated = _computes(metered)
        yield NetworkUse(
            name=metered.task.value if metered.name == metered.task.value else f"{metered.task.value}/{metered.name}",
            shape=metered.network.shape,
            calls_per_frame=use.calls / len(samples),
            macs=macs,
            operations=number,
            delegated=delegated,
            ms=1e3 * use.seconds / use.calls,
        )


def _computes(metered: Metered) -> tuple[int | None, int | None, int | None]:
    """Multiply-accumulates of a call, operations, and how many of these XNNPACK runs; None for what isn't told."""
    shape = metered.network.shape
    try:
        all_operations = operations(metered.model, shape)
    except OperationsUnknownError:
        return None, None, None
    delegated = sum(operation.delegated for operation in all_operations)
    try:
        return count_macs(metered.model, shape), len(all_operations), delegated
    except OperationsUnknownError:
        return None, len(all_operations), delegated
