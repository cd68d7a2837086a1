"""Reading TFLM's allocation report."""

import pytest

from flashfit.errors import SurroundingsError
from flashfit.runtime.tflm import Arena, read_arena

REPORT = """[RecordingMicroAllocator] Arena allocation total 3616 bytes
[RecordingMicroAllocator] Arena allocation head 1024 bytes
[RecordingMicroAllocator] Arena allocation tail 2592 bytes
[RecordingMicroAllocator] 'TfLiteEvalTensor data' used 384 bytes"""


def test_the_arena_is_read_from_the_report() -> None:
    assert read_arena(REPORT) == Arena(total_bytes=3616, head_bytes=1024, tail_bytes=2592)


def test_a_report_without_an_arena_is_refused() -> None:
    with pytest.raises(SurroundingsError, match="no arena allocation"):
        read_arena("nothing of the kind")
