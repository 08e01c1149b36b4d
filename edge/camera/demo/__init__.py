"""The built-in demo scene: a rendered person who moves, closes the eyes and shows gestures."""
