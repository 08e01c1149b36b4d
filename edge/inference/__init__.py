"""From pixels to numbers: verified bundles, and the TFLite runtime behind one small class."""

from edge.inference.bundle import Bundle, default_models_dir, load_bundle, shipped_models_dir
from edge.inference.manifest import Manifest, NetworkSpec, Task
from edge.inference.network import Network
from edge.inference.verify import Drift, verify_bundle

__all__ = [
    "Bundle",
    "Drift",
    "Manifest",
    "Network",
    "NetworkSpec",
    "Task",
    "default_models_dir",
    "load_bundle",
    "shipped_models_dir",
    "verify_bundle",
]
