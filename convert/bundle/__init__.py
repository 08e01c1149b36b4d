"""Writing verified bundles."""
