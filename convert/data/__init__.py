"""Datasets as their owners publish them, and splits by person or session."""
