"""Any .tflite file, ours or a stranger's: checked, read, described, scored."""
