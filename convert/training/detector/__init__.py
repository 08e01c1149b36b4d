"""Training of a single-shot detector, by recipe."""
