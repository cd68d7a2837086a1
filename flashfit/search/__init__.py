"""The study: which architectures fit, and which of them answers best."""
