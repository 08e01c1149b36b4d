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

from convert.quantize.rewrite import output_names
from edge.errors import ModelError
from edge.inference.runtime import build_interpreter

SIGNATURE = "serving_default"


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


def outputs_in_file_order(model: bytes) -> tuple[str, ...]:
    """The outputs' names in the order of the interpreter's ``get_output_details()``.

    That order is neither Keras's nor the alphabet's; the file's signature tells which tensor is which output.
    """
    interpreter = build_interpreter(model, threads=1)
    named = interpreter.get_signature_runner(SIGNATURE).get_output_details()
    names = {details["index"]: name for name, details in named.items()}
    return tuple(names[details["index"]] for details in interpreter.get_output_details())


def _convert(network: keras.Model, set_up: Callable[[Any], None]) -> bytes:
    names = output_names(network)

    def serve(pixels: Any) -> dict[str, Any]:
        return dict(zip(names, keras.tree.flatten(network(pixels, training=False)), strict=True))

    signature = tf.TensorSpec(network.inputs[0].shape, tf.float32, name="pixels")
    # The converter prints progress that isn't the user's.
    with tempfile.TemporaryDirectory(prefix="vigil-convert-") as folder, contextlib.redirect_stdout(None):
        archive = keras.export.ExportArchive()
        archive.track(network)
        archive.add_endpoint(SIGNATURE, serve, input_signature=[signature])
        archive.write_out(folder, verbose=False)
        converter = tf.lite.TFLiteConverter.from_saved_model(folder, signature_keys=[SIGNATURE])
        set_up(converter)
        return converter.convert()
