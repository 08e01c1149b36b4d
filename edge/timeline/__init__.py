"""What only time shows: holds, smoothing, PERCLOS, microsleep. Pure, and driven by timestamps."""
