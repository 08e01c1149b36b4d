"""TensorFlow's converter: a rewritten Keras network as a TFLite file, in int8 or float32."""

from __future__ import annotations

import contextlib
import tempfile
from collections.abc import Callable, Iterator
from typing import Any

import keras
import numpy as np
import tensorflow as tf
from numpy.typing import NDArray
from tensorflow.lite.python.convert_phase import ConverterError

from convert.quantize.run import named_outputs
from convert.quantize.signature import SIGNATURE
from edge.errors import ModelError


class ConversionError(ModelError):
    """A network can't be converted, or the result isn't fit for the device."""


def convert_int8(network: keras.Model, calibration: NDArray[np.float32]) -> bytes:
    """The network with int8 input, output and activations; int8 weights with a scale for each channel.

    ``calibration`` ``(n, height, width, channels)`` float32, normalised: real inputs, from which the range of every
    activation is measured.
    """

    def images() -> Iterator[list[NDArray[np.float32]]]:
        for image in calibration:
            yield [image[None]]

    def set_up(converter: Any) -> None:
        converter.optimizations = [tf.lite.Optimize.DEFAULT]
        converter.representative_dataset = images
        converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS_INT8]
        converter.inference_input_type = tf.int8
        converter.inference_output_type = tf.int8

    return _convert(network, set_up)


def convert_float32(network: keras.Model) -> bytes:
    """The network in float32, to compare with."""
    return _convert(network, lambda converter: None)


def _convert(network: keras.Model, set_up: Callable[[Any], None]) -> bytes:

    def serve(pixels: Any) -> dict[str, Any]:
        return named_outputs(network, network(pixels, training=False))

    signature = tf.TensorSpec(network.inputs[0].shape, tf.float32, name="pixels")
    # The converter prints progress that isn't the user's.
    try:
        with tempfile.TemporaryDirectory(prefix="vigil-convert-") as folder, contextlib.redirect_stdout(None):
            archive = keras.export.ExportArchive()
            archive.track(network)
            archive.add_endpoint(SIGNATURE, serve, input_signature=[signature])
            archive.write_out(folder, verbose=False)
            converter = tf.lite.TFLiteConverter.from_saved_model(folder, signature_keys=[SIGNATURE])
            set_up(converter)
            return converter.convert()
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


def _first_line(error: Exception) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0]
