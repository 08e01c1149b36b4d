"""Training of the detection cascade: faces or hands, by recipe."""

from __future__ import annotations

from pathlib import Path


def train(recipe_path: Path, data: Path, out: Path, seed: int = 0, initial: Path | None = None) -> Path:
    """Train P-Net, R-Net and O-Net by a recipe; see :func:`convert.training.cascade.stages.train`."""
    from convert.training.cascade import stages  # Keras is slow to import

    return stages.train(recipe_path, data, out, seed, initial)


def train_confirming(
    recipe_path: Path, data: Path, out: Path, detector: Path, seed: int = 0, initial: Path | None = None
) -> Path:
    """Train the O-Net of a single-shot ``detector``; see :func:`convert.training.cascade.confirm.train`."""
    from convert.training.cascade import confirm

    return confirm.train(recipe_path, data, out, detector, seed, initial)
