"""``manifest.json``: what a bundle says of itself.  Untrusted input, so every field is checked."""

from __future__ import annotations

import re
from enum import Enum
from typing import Annotated, Any, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    SerializerFunctionWrapHandler,
    field_validator,
    model_serializer,
    model_validator,
)

FORMAT = 1
"""The version of the bundle format that this program writes and reads."""

_FILE_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")


class Task(str, Enum):
    """What a bundle is for; it decides which networks it must hold."""

    FACES = "faces"
    HANDS = "hands"
    EMOTION = "emotion"
    EYES = "eyes"
    GESTURE = "gesture"
    IDENTITY = "identity"

    @property
    def is_detector(self) -> bool:
        return self in (Task.FACES, Task.HANDS)

    @property
    def is_classifier(self) -> bool:
        return self in (Task.EMOTION, Task.EYES, Task.GESTURE)

    @property
    def kinds(self) -> tuple[tuple[str, ...], ...]:
        """The networks that a bundle for it must hold, by name; there may be several kinds of bundles."""
        return _DETECTORS.get(self.value, ((self.value,),))


CASCADE, SINGLE_SHOT = ("pnet", "rnet", "onet"), ("detector",)
"""The networks of the two kinds of detectors."""

_DETECTORS = {Task.FACES.value: (CASCADE,), Task.HANDS.value: (CASCADE, SINGLE_SHOT)}
"""Faces are found by a cascade of three networks, hands by one too, or by a single network."""

Sha256 = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]


class _Strict(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


MAX_MARGIN = 1024
"""More than any crop is wide."""

_LATER = ("margin", "second_look_below", "least_contrast")
"""Fields of an input that bundles had later than the others."""


class InputSpec(_Strict):
    """What a network is fed: ``shape`` ``(n, height, width, channels)``; real value = (pixel - mean) * scale.

    A classifier's crop has a ``margin`` of so many pixels at each side that the network isn't shown.  Where its best
    logit leads by less than ``second_look_below``, it looks at the mirror image too, and the mean of both counts.
    A dark crop is made brighter where its standard deviation, in levels, is below ``least_contrast``.
    """

    shape: tuple[int, int, int, int]
    dtype: Literal["int8", "float32"] = "int8"
    colour: Literal["rgb", "grey"]
    mean: float
    scale: float
    margin: int = Field(default=0, ge=0, le=MAX_MARGIN)
    second_look_below: float = Field(default=0.0, ge=0)
    least_contrast: float = Field(default=0.0, ge=0, le=127.5)

    @model_validator(mode="after")
    def _check(self) -> InputSpec:
        channels = 1 if self.colour == "grey" else 3
        if self.shape[3] != channels:
            raise ValueError(f"colour {self.colour!r} needs {channels} channel(s), shape has {self.shape[3]}")
        if min(self.shape) < 1:
            raise ValueError(f"every dimension of shape must be at least 1, received {self.shape}")
        if self.scale <= 0:
            raise ValueError(f"scale must be positive, received {self.scale}")
        return self

    @model_serializer(mode="wrap")
    def _without_defaults(self, serialise: SerializerFunctionWrapHandler) -> dict[str, Any]:
        """Leave out what programs don't know that are older than these fields, where it says nothing."""
        written: dict[str, Any] = serialise(self)
        silent = {key for key in _LATER if getattr(self, key) == type(self).model_fields[key].default}
        return {key: value for key, value in written.items() if key not in silent}

    def normalise(self, pixels: NDArray[np.uint8]) -> NDArray[np.float32]:
        """Pixels 0 to 255, any shape, as the float32 values that the network was trained on."""
        return (pixels.astype(np.float32) - np.float32(self.mean)) * np.float32(self.scale)


class FileSpec(_Strict):
    file: str
    sha256: Sha256

    @field_validator("file")
    @classmethod
    def _plain_name(cls, name: str) -> str:
        if not _FILE_NAME.fullmatch(name):
            raise ValueError(f"a file of a bundle is a plain name in its folder, received {name!r}")
        return name


class NetworkSpec(FileSpec):
    """One ``.tflite`` file: ``outputs`` are the names of its outputs in the order of the file."""

    input: InputSpec
    outputs: tuple[str, ...] = Field(min_length=1)
    macs: int = Field(ge=0, description="multiply-accumulates for one input of `input.shape`")


class TrainingData(_Strict):
    name: str
    terms: str


class Training(_Strict):
    data: tuple[TrainingData, ...]
    command: str
    seed: int
    recipe: dict[str, Any] = {}


class Metrics(_Strict):
    """Measured figures: ``float`` of the Keras network, ``int8`` of this bundle, both on ``data``."""

    data: str
    n: int = Field(ge=0)
    float: dict[str, Any] | None = None
    int8: dict[str, Any]


class OutputParity(_Strict):
    """How far an int8 output is from the float network's, see :class:`convert.quantize.parity.Parity`."""

    largest_error: float
    mean_error: float
    root_mean_square_error: float
    relative_error: float
    cosine: float
    same_choice: float


class Conversion(_Strict):
    """How a network became int8, and what that cost.

    ``operations`` counts what XNNPACK runs, ``slow_operations`` what it leaves to reference kernels; ``parity`` is
    by output, on ``checked_inputs`` that were not calibrated on.
    """

    method: Literal["post-training", "quantization-aware"]
    calibration_inputs: int = Field(ge=0)
    checked_inputs: int = Field(ge=0)
    int8_bytes: int = Field(ge=0)
    float_bytes: int = Field(ge=0)
    operations: dict[str, int]
    slow_operations: dict[str, int] = {}
    parity: dict[str, OutputParity]


class Manifest(_Strict):
    format: Literal[1] = 1
    name: str
    task: Task
    version: str
    networks: dict[str, NetworkSpec] = Field(min_length=1)
    golden: FileSpec
    labels: tuple[str, ...] = ()
    thresholds: dict[str, float] = {}
    temperature: float = Field(default=1.0, gt=0)
    metrics: tuple[Metrics, ...] = ()
    conversions: dict[str, Conversion] = Field(default={}, description="by network; older bundles have none")
    training: Training

    @property
    def is_single_shot(self) -> bool:
        """Whether it is a detector of one network that sees the whole image."""
        return self.task.is_detector and set(SINGLE_SHOT) <= set(self.networks)

    @property
    def is_confirmed(self) -> bool:
        """Whether it is a detector of one network whose finds a cascade's O-Net looks at once more."""
        return self.is_single_shot and "onet" in self.networks

    @model_validator(mode="after")
    def _check(self) -> Manifest:
        if not any(set(kind) <= set(self.networks) for kind in self.task.kinds):
            needed = " or ".join(str(list(kind)) for kind in self.task.kinds)
            raise ValueError(f"a bundle for {self.task.value!r} needs the network(s) {needed}")
        if self.task.is_classifier and len(self.labels) < 2:
            raise ValueError(f"a bundle for {self.task.value!r} needs at least two labels")
        if len(set(self.labels)) != len(self.labels):
            raise ValueError(f"labels must differ from each other, received {list(self.labels)}")
        if not self.task.is_classifier:
            self._check_plain_inputs()
        return self

    def _check_plain_inputs(self) -> None:
        for name, network in self.networks.items():
            for key in _LATER:
                if getattr(network.input, key):
                    raise ValueError(
                        f"networks.{name}.input.{key} is for the crops of classifiers, nothing in a bundle for "
                        f"{self.task.value!r} heeds it; leave it out"
                    )
