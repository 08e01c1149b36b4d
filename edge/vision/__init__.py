"""Where faces and hands are: the cascade, its box arithmetic, alignment and tracking."""
