"""Fitting a Keras model, and its callbacks."""
