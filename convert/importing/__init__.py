"""Networks that others trained, as bundles that the device runs.

What differs from Vigil's own conventions is settled in the weights, once, here: order of axes and of outputs, softmax,
normalisation, colour.  The device has one convention and knows of no other.
"""
