"""How good a bundle is, on data that a person names: ``vigil-convert evaluate``."""
