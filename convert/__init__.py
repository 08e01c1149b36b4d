"""What runs on the workstation: data, networks, training, int8 conversion, evaluation and bundles."""
