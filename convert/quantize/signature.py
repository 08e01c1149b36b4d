"""The names of a TFLite file's outputs."""

from __future__ import annotations

from edge.inference.runtime import build_interpreter

SIGNATURE = "serving_default"


def outputs_in_file_order(model: bytes) -> tuple[str, ...]:
    """The outputs' names in the order of the interpreter's ``get_output_details()``.

    That order is neither Keras's nor the alphabet's; the file's signature tells which tensor is which output.
    """
    interpreter = build_interpreter(model, threads=1)
    named = interpreter.get_signature_runner(SIGNATURE).get_output_details()
    names = {details["index"]: name for name, details in named.items()}
    return tuple(names[details["index"]] for details in interpreter.get_output_details())
