"""Keras to .tflite."""
