"""The end of a stage's training: at int8's levels, so that the network bears them on the device.

O-Net's points are where it shows: rounded after the training they are off by 0.0055 distances between the eyes more.
"""

from __future__ import annotations

from dataclasses import replace

import keras
import numpy as np

from convert.quantize.aware import aware_network, trained_device_network
from convert.quantize.equalise import equalised
from convert.training.cascade.augment import relight
from convert.training.cascade.fit import Fit, fit_network
from convert.training.cascade.samples import Samples

RATE_SHARE = 0.1
"""Of the training's peak rate."""

CALIBRATION = 512
"""Windows by which the activations' ranges begin."""


def fit_for_int8(network: keras.Model, samples: Samples, fit: Fit, steps: int, seed: int) -> keras.Model:
    """A copy of ``network``, float32, after ``steps`` more steps in which kernels and activations have int8's levels.

    Everything else is as in the training before, ``fit``; but the weights aren't averaged: a mean over many steps would
    keep what was before these few.
    """
    rng = np.random.default_rng((seed, steps))
    windows = samples.crops[rng.choice(len(samples), min(CALIBRATION, len(samples)), replace=False)]
    keras.config.set_dtype_policy("float32")
    inputs = relight(windows, rng)
    network = equalised(network, inputs)
    aware = aware_network(network, inputs)
    fit_network(aware, samples, replace(fit, steps=steps, rate=fit.rate * RATE_SHARE, average=None), seed)
    return trained_device_network(network, aware)
