"""Where samples come from, what good data is, and splits that do not leak."""
