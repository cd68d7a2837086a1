"""How much a stranger's model may take of this machine."""

MOST_FILE_BYTES = 64 * 2**20
"""Sixteen times the flash of the largest board; more is no model for one."""

MOST_ARENA_BYTES = 64 * 2**20
"""Beyond any microcontroller's, so that a model that is too large is measured too."""

CHILD_TIMEOUT_S = 60.0
CHILD_MEMORY_BYTES = 4 * 2**30
"""Address space, of which TFLM's package and NumPy's threads reserve one or two GiB."""
