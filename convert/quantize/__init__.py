"""From Keras to int8 TFLite."""
