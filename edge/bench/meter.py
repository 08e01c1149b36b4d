"""Which networks run, in which shape, how often and how long: bundles whose networks time their own interpreter."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from time import perf_counter
from typing import Any, cast

from edge.inference import Bundle, Manifest, Network, Task, load_bundle
from edge.inference.operations import Shape


class TimedInterpreter:
    """An interpreter that counts the calls of its ``invoke``, and the seconds they took."""

    def __init__(self, interpreter: Any) -> None:
        self._interpreter = interpreter
        self.calls = 0
        self.seconds = 0.0

    def invoke(self) -> None:
        start = perf_counter()
        self._interpreter.invoke()
        self.seconds += perf_counter() - start
        self.calls += 1

    def __getattr__(self, name: str) -> Any:
        return getattr(self._interpreter, name)


class TimedNetwork(Network):
    """A network that is timed; ``interpreter`` has its figures."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.interpreter = self._interpreter = TimedInterpreter(self._interpreter)


@dataclass(frozen=True)
class Metered:
    """A network of the bundle for ``task`` as it was built for one shape."""

    task: Task
    name: str
    model: bytes
    network: TimedNetwork


@dataclass(frozen=True)
class MeteredBundle(Bundle):
    """A bundle that puts each network it builds into ``built``."""

    built: list[Metered] = field(default_factory=list)
    network_class = TimedNetwork

    def network(self, name: str, *, shape: Shape | None = None, threads: int = 1) -> Network:
        network = cast(TimedNetwork, super().network(name, shape=shape, threads=threads))
        self.built.append(Metered(self.manifest.task, name, self.models[name], network))
        return network


@dataclass(frozen=True, slots=True)
class Use:
    """What a network has done: calls, and the seconds they took."""

    calls: int = 0
    seconds: float = 0.0


@dataclass
class Meter:
    """All networks of the bundles that its :meth:`load` has loaded; some are built only when a frame needs them."""

    networks: list[Metered] = field(default_factory=list)
    manifests: dict[Task, Manifest] = field(default_factory=dict)

    def load(self, path: Path, task: Task) -> MeteredBundle:
        """Stand in for :func:`edge.inference.load_bundle`."""
        bundle = load_bundle(path, task)
        self.manifests[task] = bundle.manifest
        return MeteredBundle(bundle.path, bundle.manifest, bundle.models, self.networks)

    def read(self) -> list[Use]:
        """What each network has done until now."""
        interpreters = [metered.network.interpreter for metered in self.networks]
        return [Use(interpreter.calls, interpreter.seconds) for interpreter in interpreters]

    def since(self, before: list[Use]) -> list[Use]:
        """What each network has done since it was read."""
        earlier = before + [Use()] * (len(self.networks) - len(before))
        pairs = zip(self.read(), earlier, strict=True)
        return [Use(now.calls - then.calls, now.seconds - then.seconds) for now, then in pairs]

    def at_work(self, uses: list[Use]) -> frozenset[Task]:
        """The tasks whose networks have run."""
        return frozenset(metered.task for metered, use in zip(self.networks, uses, strict=True) if use.calls)
