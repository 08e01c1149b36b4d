"""Writing bundles: manifest, networks, golden vectors and card, in one go or not at all."""

from convert.bundle.golden import golden_archive
from convert.bundle.writer import BundleDraft, NetworkDraft, write_bundle

__all__ = ["BundleDraft", "NetworkDraft", "golden_archive", "write_bundle"]
