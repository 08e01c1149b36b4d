"""Showing pictures to an observer as a camera would, and noting what each one costs."""

from __future__ import annotations

import resource
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median

import cv2
import numpy as np

from edge.bench.meter import Meter
from edge.bench.pictures import Pictures
from edge.bench.report import WHOLE, Stage
from edge.inference import Task
from edge.perception.observer import Observer
from edge.perception.senses import READ, installed_tasks, load_senses
from edge.timeline import Timeline
from edge.values import Frame
from edge.vision.settings import DetectionSettings

TIMELINE = "timeline"
"""The stage that turns what was seen into events."""

REST = "rest"
"""The stage that is none of the others: halving the image, giving numbers to faces, and the like."""

WARM_UP_FRAMES = 25
ALONE_PICTURES = 25


@dataclass(frozen=True, slots=True)
class Sample:
    """What one frame took, on the clock, of all CPUs, and within interpreters, in seconds.

    ``stages_ms`` are the parts, in milliseconds; ``ran`` are the tasks whose networks ran.
    """

    seconds: float
    cpu_seconds: float
    network_seconds: float
    stages_ms: Mapping[str, float]
    ran: frozenset[Task]


class Subject:
    """The part of the daemon that works on frames, from the picture to the events, with its networks metered."""

    def __init__(self, models_dir: Path, settings: DetectionSettings) -> None:
        """Load whatever is read of what ``models_dir`` has bundles for, faces in any case.

        Raises:
            BundleError: a bundle is missing or damaged.
        """
        cv2.setNumThreads(settings.threads)
        self.meter = Meter()
        self.tasks = tuple(task for task in READ if task in installed_tasks(models_dir) | {Task.FACES})
        self._observer = Observer(load_senses(models_dir, self.tasks, settings, self.meter.load), settings)
        self._timeline = Timeline()

    def show(self, frame: Frame) -> Sample:
        """Work on a frame as the daemon does, and note what it takes."""
        return self._note(lambda: self._timeline.update(self._observer.observe(frame)))

    def show_alone(self, frame: Frame) -> Sample:
        """Work on a picture by itself, with no frame before it that tells where to look."""
        return self._note(lambda: self._observer.analyze(frame.image))

    def _note(self, work: Callable[[], object]) -> Sample:
        before, cpu, start = self.meter.read(), time.process_time(), time.perf_counter()
        work()
        seconds, cpu_seconds, uses = time.perf_counter() - start, time.process_time() - cpu, self.meter.since(before)
        return Sample(
            seconds=seconds,
            cpu_seconds=cpu_seconds,
            network_seconds=sum(use.seconds for use in uses),
            stages_ms=self._stages_ms(seconds * 1e3),
            ran=self.meter.at_work(uses),
        )

    def _stages_ms(self, whole_ms: float) -> dict[str, float]:
        observed = self._observer.timings_ms
        parts = {task.value: observed[task.value] for task in self.tasks if task.value in observed}
        rest = observed[WHOLE] - sum(parts.values())
        return parts | {REST: rest, TIMELINE: whole_ms - observed[WHOLE], WHOLE: whole_ms}


def warm_up(subject: Subject, frames: Iterator[Frame]) -> None:
    """Let networks be built and memory be allocated for every size of picture."""
    for _ in range(WARM_UP_FRAMES):
        subject.show(next(frames))


def measure(
    subject: Subject, frames: Iterator[Frame], tell: Callable[[float], None], *, most: int | None, seconds: float | None
) -> list[Sample]:
    """``most`` frames, or as many as fit in so many ``seconds``; ``tell`` hears the share done."""
    samples: list[Sample] = []
    started = time.monotonic()
    for frame in frames:
        samples.append(subject.show(frame))
        passed = time.monotonic() - started
        share = len(samples) / most if most else passed / seconds if seconds else 1.0
        tell(share)
        if share >= 1:
            break
    return samples


def measure_alone(subject: Subject, pictures: Pictures, tell: Callable[[float], None]) -> list[Sample]:
    """Some of the pictures, evenly spread, each by itself."""
    chosen = np.linspace(0, len(pictures.frames) - 1, min(ALONE_PICTURES, len(pictures.frames))).round().astype(int)
    samples = []
    for number, index in enumerate(chosen, start=1):
        samples.append(subject.show_alone(pictures.frames[index]))
        tell(number / len(chosen))
    return samples


def stages(samples: Sequence[Sample], alone: Sequence[Sample]) -> dict[str, Stage]:
    """The figures of every stage, in the order in which a frame goes through them."""
    return {name: _stage(name, samples, alone) for name in samples[0].stages_ms}


def _stage(name: str, samples: Sequence[Sample], alone: Sequence[Sample]) -> Stage:
    at_work = _times(name, samples)
    by_itself = _times(name, alone) if name != TIMELINE else []
    return Stage(
        share=len(at_work) / len(samples),
        median_ms=median(at_work) if at_work else None,
        p95_ms=float(np.percentile(at_work, 95)) if at_work else None,
        mean_ms=float(np.mean([sample.stages_ms[name] for sample in samples])),
        alone_ms=median(by_itself) if by_itself else None,
    )


def _times(stage: str, samples: Sequence[Sample]) -> list[float]:
    """Milliseconds of ``stage`` in those samples in which it worked."""
    return [sample.stages_ms[stage] for sample in samples if _works(stage, sample)]


def _works(stage: str, sample: Sample) -> bool:
    """A stage with networks works if one of them runs: a reading that is carried on from frames ago is no work."""
    return stage in (TIMELINE, REST, WHOLE) or Task(stage) in sample.ran


def peak_memory_mib() -> float:
    """The largest resident memory that this process has had."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / (1 << 20) if sys.platform == "darwin" else peak / (1 << 10)
