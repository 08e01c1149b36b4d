"""The whole of ``vigil.toml``: the tables of every room."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from edge.actions.commands import OUTPUT_NAME
from edge.actions.rules import Rule
from edge.actions.settings import OutputSettings
from edge.camera.settings import CameraSettings
from edge.config.switches import FAMILIES, switched_off_by
from edge.governor.settings import PerformanceSettings
from edge.inference.manifest import Task
from edge.settings import Settings
from edge.timeline.settings import DrowsinessSettings, EmotionSettings, FaceSettings, GestureSettings
from edge.vision.settings import DetectionSettings

OutputName = Annotated[str, Field(pattern=OUTPUT_NAME)]


class Config(Settings):
    """Configuration of Vigil."""

    camera: CameraSettings = Field(default_factory=CameraSettings)
    detection: DetectionSettings = Field(default_factory=DetectionSettings)
    gesture: GestureSettings = Field(default_factory=GestureSettings)
    emotion: EmotionSettings = Field(default_factory=EmotionSettings)
    drowsiness: DrowsinessSettings = Field(default_factory=DrowsinessSettings)
    face: FaceSettings = Field(default_factory=FaceSettings)
    performance: PerformanceSettings = Field(default_factory=PerformanceSettings)
    outputs: dict[OutputName, OutputSettings] = Field(default={}, description="what is wired to which pin, by name")
    rules: tuple[Rule, ...] = Field(default=(), description="what to do at which event")

    def tells(self, family: str) -> bool:
        """Whether events of ``family`` (``face``, ``emotion``, ``drowsiness`` or ``gesture``) are switched on."""
        return switched_off_by(family, dict(self)) is None

    @property
    def families(self) -> tuple[str, ...]:
        """The families of events that are switched on."""
        return tuple(family for family in FAMILIES if self.tells(family))

    @property
    def tasks(self) -> frozenset[Task]:
        """The bundles that the device needs: no other is ever loaded."""
        return frozenset(task for family in self.families for task in FAMILIES[family].tasks)


SETTINGS_TABLES: dict[str, type[Settings]] = {
    "camera": CameraSettings,
    "detection": DetectionSettings,
    "gesture": GestureSettings,
    "emotion": EmotionSettings,
    "drowsiness": DrowsinessSettings,
    "face": FaceSettings,
    "performance": PerformanceSettings,
}
"""The tables of plain keys, in the order of the file; ``outputs`` and ``rules`` come after them."""
