"""The light client: resolve, pull and verify, with no TensorFlow and no MLflow."""
