"""From a trained Keras network to an int8 TFLite file: rewriting, calibrating, checking.

Importing this package costs nothing.  Its modules need Keras on the TensorFlow backend
(``KERAS_BACKEND=tensorflow``), whatever backend the network was trained on; ``python -m convert.cli bundle`` sees
to that.
"""
