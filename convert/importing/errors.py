"""What can be wrong with a network from elsewhere."""

from __future__ import annotations

from edge.errors import ModelError


class ForeignNetworkError(ModelError):
    """A network from elsewhere is damaged, may not be trusted, or is none that the device can run."""
