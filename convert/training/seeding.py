"""The same seed, the same network."""

from __future__ import annotations

import keras
import numpy as np


def make_repeatable(seed: int) -> None:
    """Seed all random choices of this process, and keep the backend to operations whose sums don't depend on timing.

    JAX on a CPU needs nothing more; on a GPU it is told by ``XLA_FLAGS=--xla_gpu_deterministic_ops=true``, from
    outside.
    """
    keras.utils.set_random_seed(seed)
    backend = keras.backend.backend()
    if backend == "torch":
        import torch

        torch.use_deterministic_algorithms(True, warn_only=True)
        torch.backends.cudnn.benchmark = False
    elif backend == "tensorflow":
        import tensorflow as tf

        tf.config.experimental.enable_op_determinism()


def seed_epoch(seed: int, epoch: int) -> None:
    """Seed what draws from a backend's global state, as PyTorch's dropout does, by the epoch or stage alone."""
    state = np.random.SeedSequence((seed, epoch)).generate_state(1)
    keras.utils.set_random_seed(int(state[0]))
