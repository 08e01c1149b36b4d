"""What is seen in a crop: emotion, eyes, gesture, identity."""

from edge.perception.observer import Observer

__all__ = ["Observer"]
