"""The arena that firmware reserves."""

from flashfit.bundle.arena import arena_size


def test_reference_kernels_get_alignment_alone() -> None:
    assert (arena_size(1000, "reference").bytes, arena_size(1008, "reference").margin_bytes) == (1008, 0)


def test_optimised_kernels_get_an_eighth_for_scratch_buffers() -> None:
    assert arena_size(8000, "cmsis-nn").bytes == 9008  # 8000 + 1000, aligned to 16
