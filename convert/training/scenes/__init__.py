"""Annotated pictures as detectors are trained and judged on them: what a recipe says of them, and their split."""
