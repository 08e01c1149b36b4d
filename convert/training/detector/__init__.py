"""Training of a single-shot detector, by recipe."""

from __future__ import annotations

from pathlib import Path


def train(
    recipe_path: Path,
    data: Path,
    out: Path,
    seed: int = 0,
    *,
    resume: bool = False,
    restart: bool = False,
    initial: Path | None = None,
) -> Path:
    """Train the detector by a recipe; see :func:`convert.training.detector.loop.train`."""
    from convert.training.detector.loop import train as train_detector  # Keras is slow to import

    return train_detector(recipe_path, data, out, seed, resume=resume, restart=restart, initial=initial)
