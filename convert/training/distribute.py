"""Training on several devices, by Keras' own data parallelism or TensorFlow's."""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext

import keras

from convert.training.errors import DistributionError
from convert.training.recipe import BaseRecipe, RecipeError


def use_devices(recipe: BaseRecipe) -> AbstractContextManager[object]:
    """Share each batch among all local devices of Keras' backend: build and train the network inside.

    On JAX this is ``keras.distribution.DataParallel``, where batch normalization sees the whole batch; on TensorFlow
    ``tf.distribute.MirroredStrategy``, where each device normalizes its own share.

    Raises:
        DistributionError: the backend is PyTorch, for which Keras has none.
        RecipeError: the batch can't be shared evenly.
    """
    backend = keras.backend.backend()
    if backend == "jax":
        devices = keras.distribution.list_devices()
        _check_batch(recipe, len(devices))
        return keras.distribution.DataParallel(devices=devices).scope()
    if backend == "tensorflow":
        import tensorflow as tf

        names = [
            device.name for device in tf.config.list_logical_devices("GPU") or tf.config.list_logical_devices("CPU")
        ]
        _check_batch(recipe, len(names))
        return tf.distribute.MirroredStrategy(names).scope()
    raise DistributionError(
        f"--distribute: Keras shares a training among devices on JAX and TensorFlow, this is {backend}; "
        "set KERAS_BACKEND=jax or tensorflow"
    )


def use_one_device() -> AbstractContextManager[object]:
    """What a training without ``--distribute`` runs in."""
    return nullcontext()


def _check_batch(recipe: BaseRecipe, devices: int) -> None:
    if recipe.optimiser.batch % devices:
        raise RecipeError(
            f"optimiser.batch: must be a multiple of the {devices} devices, received {recipe.optimiser.batch}"
        )
