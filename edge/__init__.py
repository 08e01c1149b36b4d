"""What runs on the device: camera, detectors, classifiers, time logic, rules and pins."""

__version__ = "0.1.0"
