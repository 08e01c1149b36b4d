"""TensorFlow's converter: a rewritten Keras network as a TFLite file, in int8 or float32."""

from __future__ import annotations

import contextlib
import tempfile
from collections.abc import Callable, Iterator
from typing import Any, TypeVar

import keras
import numpy as np
import tensorflow as tf
from numpy.typing import NDArray
from tensorflow.lite.python.convert_phase import ConverterError

from convert.quantize.run import named_outputs
from convert.quantize.signature import SIGNATURE
from edge.errors import ModelError

T = TypeVar("T")


class ConversionError(ModelError):
    """A network can't be converted, or the result isn't fit for the device."""


class SavedNetwork:
    """A network as TensorFlow has saved it in a folder, which the converter reads."""

    def __init__(self, folder: str) -> None:
        self._folder = folder

    def int8(self, calibration: NDArray[np.float32]) -> bytes:
        """As :func:`convert_int8`."""

        def images() -> Iterator[list[NDArray[np.float32]]]:
            for image in calibration:
                yield [image[None]]

        converter = self._converter()
        converter.optimizations = [tf.lite.Optimize.DEFAULT]
        converter.representative_dataset = images
        converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS_INT8]
        converter.inference_input_type = tf.int8
        converter.inference_output_type = tf.int8
        return _quietly(converter.convert)

    def float32(self) -> bytes:
        """In float32, to compare with."""
        return _quietly(self._converter().convert)

    def _converter(self) -> Any:
        return _quietly(tf.lite.TFLiteConverter.from_saved_model, self._folder, signature_keys=[SIGNATURE])


@contextlib.contextmanager
def saved(network: keras.Model) -> Iterator[SavedNetwork]:
    """The ``network`` for the converter, saved once for both kinds of file; gone at the end of the ``with``.

    Raises:
        ConversionError: also for what the converter says within the ``with``.
    """

    def serve(pixels: Any) -> dict[str, Any]:
        return named_outputs(network, network(pixels, training=False))

    signature = tf.TensorSpec(network.inputs[0].shape, tf.float32, name="pixels")
    try:
        with tempfile.TemporaryDirectory(prefix="vigil-convert-") as folder:
            archive = keras.export.ExportArchive()
            archive.track(network)
            archive.add_endpoint(SIGNATURE, serve, input_signature=[signature])
            _quietly(archive.write_out, folder, verbose=False)
            yield SavedNetwork(folder)
    except (OSError, tf.errors.OpError) as error:
        raise ConversionError(
            f"{network.name}: can't be converted in {tempfile.gettempdir()} ({_first_line(error)}); if that disk is "
            "full, make room, or name another folder by TMPDIR"
        ) from error
    except ConverterError as error:
        raise ConversionError(
            f"{network.name}: TensorFlow Lite can't convert this network: {_first_line(error)}; replace the layer "
            "that it names"
        ) from error


def convert_int8(network: keras.Model, calibration: NDArray[np.float32]) -> bytes:
    """The network with int8 input, output and activations; int8 weights with a scale for each channel.

    ``calibration`` ``(n, height, width, channels)`` float32, normalised: real inputs, from which the range of every
    activation is measured.
    """
    with saved(network) as files:
        return files.int8(calibration)


def _quietly(call: Callable[..., T], *arguments: Any, **options: Any) -> T:
    """``call`` it without the progress that it prints, which isn't the user's."""
    with contextlib.redirect_stdout(None):
        return call(*arguments, **options)


def _first_line(error: Exception) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0]
