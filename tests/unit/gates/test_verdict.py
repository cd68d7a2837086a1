"""Verdicts: which gate says no, and by how much."""

import pytest

from flashfit.footprint import Footprint
from flashfit.gates.verdict import DOES_NOT_FIT, FITS, Quality, Verdict, judge, miss_line
from flashfit.params import Budget, Gates

BUDGET = Budget(flash=1000, arena=500, macs=200)
GATES = Gates(least_accuracy=0.9, largest_drop=0.02, least_class_recall=0.8)


def verdict_of(*, flash: int = 1000, int8: float = 0.95, float_: float = 0.95, recall: float = 0.9) -> Verdict:
    footprint = Footprint(flash_bytes=flash, arena_bytes=500, macs=200, source="measured")
    quality = Quality(int8=int8, float_=float_, int8_recall={"a": 1.0, "b": recall}, n=100)
    return judge("tiny", "board", footprint, BUDGET, quality, GATES)


def test_a_model_that_just_fills_its_budget_fits() -> None:
    assert verdict_of().verdict == FITS


def test_a_model_one_byte_over_budget_does_not_fit() -> None:
    verdict = verdict_of(flash=1001)
    assert verdict.verdict == DOES_NOT_FIT
    assert [gate.name for gate in verdict.missed] == ["flash"]


@pytest.mark.parametrize(
    ("numbers", "missed"),
    [
        ({"int8": 0.899, "float_": 0.9}, "int8 accuracy"),
        ({"int8": 0.92, "float_": 0.95}, "drop from float"),
        ({"recall": 0.79}, "recall of 'b'"),
    ],
)
def test_each_quality_gate_can_say_no_alone(numbers: dict[str, float], missed: str) -> None:
    assert [gate.name for gate in verdict_of(**numbers).missed] == [missed]  # type: ignore[arg-type]


def test_a_drop_that_just_reaches_its_gate_passes() -> None:
    assert verdict_of(int8=0.96, float_=0.98).verdict == FITS


def test_nothing_fits_without_a_quality() -> None:
    footprint = Footprint(flash_bytes=1, arena_bytes=1, macs=1, source="predicted")
    assert judge("tiny", "board", footprint, BUDGET).verdict == DOES_NOT_FIT


def test_a_miss_is_told_with_its_number_its_threshold_and_the_gap() -> None:
    assert miss_line(verdict_of(flash=1500, recall=0.75)) == (
        "DOES NOT FIT  tiny → board: flash 1,500 B of 1,000 B (over by 500 B); "
        "recall of 'b' 75.00 % against 80 % (missed by 5.00 points)"
    )


def test_a_verdict_survives_its_file() -> None:
    verdict = verdict_of(flash=1001)
    assert Verdict.model_validate_json(verdict.model_dump_json()) == verdict
