"""Verdicts: which gate says no, and by how much."""

import pytest

from flashfit.footprint import Footprint
from flashfit.gates.estimate import Estimate
from flashfit.gates.verdict import DOES_NOT_FIT, FITS, Gate, Quality, Verdict, judge, miss_line
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


def judged(quality: Quality, gates: Gates) -> Verdict:
    footprint = Footprint(flash_bytes=1, arena_bytes=1, macs=1, source="measured")
    return judge("tiny", "board", footprint, BUDGET, quality, gates)


def regression(int8: float, float_: float, r2: float = 0.7) -> Quality:
    estimates = {"mae": Estimate(int8, 1.4, 1.8, 90, "bootstrap"), "r2": Estimate(r2, 0.6, 0.8, 90, "bootstrap")}
    numbers = {"metric": "mae", "int8": int8, "float": float_, "n": 90, "estimates": estimates}
    return Quality.model_validate({"task": "regression", "unit": "°F", **numbers})


@pytest.mark.parametrize(
    ("int8", "float_", "r2", "missed"),
    [
        (1.62, 1.60, 0.7, []),
        (1.63, 1.60, 0.7, ["int8 MAE"]),
        (1.62, 1.51, 0.7, ["rise from float"]),
        (1.50, 1.60, 0.7, []),
        (1.62, 1.60, 0.4, ["int8 R²"]),
    ],
)
def test_an_error_must_be_at_most_its_gate_and_not_rise(
    int8: float, float_: float, r2: float, missed: list[str]
) -> None:
    gates = Gates(metric="mae", most_mae=1.62, least_r2=0.5, largest_drop=0.1)
    assert [gate.name for gate in judged(regression(int8, float_, r2), gates).missed] == missed


def test_every_gated_metric_has_its_row_and_its_interval() -> None:
    gates = judged(regression(1.5, 1.5), Gates(metric="mae", most_mae=1.62, least_r2=0.5)).gates
    assert [gate.name for gate in gates] == ["flash", "arena", "macs", "int8 MAE", "int8 R²", "rise from float"]
    assert [gate.interval_shown for gate in gates] == ["", "", "", "1.4 – 1.8 °F", "0.6000 – 0.8000", ""]


def test_an_anomaly_product_has_no_gates_on_recall() -> None:
    quality = Quality(task="anomaly", metric="auc", int8=0.9, float_=0.9, int8_recall={"normal": 0.1}, n=10)
    verdict = judged(quality, Gates(metric="auc", least_auc=0.9, least_class_recall=0.5))
    assert [gate.name for gate in verdict.gates[3:]] == ["int8 AUC", "drop from float"]
    assert verdict.verdict == FITS


def test_a_gate_on_what_was_not_evaluated_is_refused() -> None:
    with pytest.raises(ValueError, match="macro_f1 is gated and was not evaluated"):
        judged(Quality(int8=1.0, float_=1.0, n=10), Gates(least_macro_f1=0.9))


def test_a_missed_value_is_told_in_its_unit() -> None:
    gates = Gates(metric="mae", most_mae=1.5, least_r2=0.83, largest_drop=0.1)
    assert miss_line(judged(regression(1.625, 1.6), gates)) == (
        "DOES NOT FIT  tiny → board: int8 MAE 1.625 °F (1.4 – 1.8 °F) against 1.5 °F (missed by 0.125 °F); "
        "int8 R² 0.7000 (0.6000 – 0.8000) against 0.83 (missed by 0.13)"
    )


@pytest.mark.parametrize(
    ("unit", "symbol", "shown", "margin"),
    [
        ("MACs", "", "2 MACs", "+0 MACs"),
        ("share", "", "150.00 %", "+50.00 points"),
        ("value", "", "1.5000", "+0.5"),
        ("value", "mm", "1.5 mm", "+0.5 mm"),
    ],
)
def test_a_number_is_shown_in_its_gates_unit(unit: str, symbol: str, shown: str, margin: str) -> None:
    gate = Gate.model_validate(
        {"name": "a", "value": 1.5, "threshold": 1.0, "margin": 0.5, "unit": unit, "symbol": symbol}
    )
    assert (gate.shown(gate.value), gate.margin_shown) == (shown, margin)


def test_only_a_smaller_model_mends_a_missed_budget() -> None:
    verdict = verdict_of(flash=1001, recall=0.1)
    assert [gate.of_footprint for gate in verdict.missed] == [True, False]


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
