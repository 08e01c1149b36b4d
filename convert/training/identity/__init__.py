"""Training an embedder by ArcFace on folders of people."""
