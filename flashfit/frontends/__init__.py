"""Raw sample to model input."""
