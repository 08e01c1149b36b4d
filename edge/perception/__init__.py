"""What is seen in a crop: emotion, eyes, gesture, identity."""
