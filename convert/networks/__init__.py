"""The Keras networks."""
