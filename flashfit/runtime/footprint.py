"""A .tflite's footprint as measured on TFLM."""

from flashfit.footprint import Footprint
from flashfit.runtime.operators import operators
from flashfit.runtime.tflm import TflmRun


def measured_footprint(tflite: bytes, run: TflmRun) -> Footprint:
    """flash: the file's length. arena: from TFLM's own report in run. macs: from the file's operators."""
    return Footprint(
        flash_bytes=len(tflite),
        arena_bytes=run.arena.total_bytes,
        macs=sum(operator.macs for operator in operators(tflite)),
        source="measured",
    )
