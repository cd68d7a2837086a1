"""The quantization ladder: rungs tried in order until one passes on validation data."""
