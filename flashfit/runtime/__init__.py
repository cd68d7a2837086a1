"""TFLM in a child process: outputs, arena, operators."""
