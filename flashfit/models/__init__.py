"""Architectures as values, and the Keras models they stand for."""
