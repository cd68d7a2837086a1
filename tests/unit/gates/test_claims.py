"""Which gates evidence decides, and what it says."""

import pytest

from flashfit.footprint import Footprint
from flashfit.gates.claims import drop_gate
from flashfit.gates.estimate import Drop, Estimate
from flashfit.gates.verdict import DOES_NOT_FIT, FITS, NOT_ENOUGH_EVIDENCE, Quality, Verdict, judge, miss_line
from flashfit.params import Budget, Evidence, Gates

BUDGET = Budget(flash=1000, arena=500, macs=200)


def drop_of(value: float, low: float, high: float, p: float = 0.5, level: float = 0.05) -> Drop:
    return Drop(value, low, high, p, 200, 640, "exact", level)


def estimate_of(value: float, low: float, high: float, n: int = 200) -> Estimate:
    return Estimate(value, low, high, n, "Wilson")


def quality_of(drop: Drop | None = None, accuracy: Estimate | None = None, **recalls: Estimate) -> Quality:
    found = accuracy or estimate_of(0.97, 0.95, 0.99)
    return Quality(
        int8=found.value,
        float_=0.97,
        n=200,
        estimates={"accuracy": found},
        int8_recall={label: estimate.value for label, estimate in recalls.items()},
        recall_intervals=recalls,
        drop=drop,
    )


def judged(quality: Quality, evidence: Evidence = "paired", class_floor: float = 0.0) -> Verdict:
    gates = Gates(least_accuracy=0.96, largest_drop=0.02, least_class_recall=class_floor, evidence=evidence)
    return judge(
        "tiny", "board", Footprint(flash_bytes=1, arena_bytes=1, macs=1, source="measured"), BUDGET, quality, gates
    )


@pytest.mark.parametrize(
    ("drop", "word"),
    [
        (drop_of(0.001, -0.01, 0.019), FITS),
        (drop_of(0.01, 0.005, 0.02), FITS),  # worse without doubt, and no more than may be
        (drop_of(0.001, -0.02, 0.021), NOT_ENOUGH_EVIDENCE),
        (drop_of(0.015, 0.005, 0.021, p=0.01), NOT_ENOUGH_EVIDENCE),  # worse without doubt, perhaps by too much
        (drop_of(0.03, -0.01, 0.06, p=0.08), NOT_ENOUGH_EVIDENCE),  # too much, perhaps by chance
        (drop_of(0.03, 0.005, 0.06, p=0.03), NOT_ENOUGH_EVIDENCE),  # rare, and not rare enough
        (drop_of(0.03, 0.005, 0.06, p=0.01), DOES_NOT_FIT),
    ],
)
def test_a_drop_passes_by_its_upper_bound_and_is_missed_only_where_it_is_no_chance(drop: Drop, word: str) -> None:
    assert judged(quality_of(drop)).verdict == word


@pytest.mark.parametrize(("value", "word"), [(0.02, FITS), (0.021, DOES_NOT_FIT)])
def test_a_product_that_asks_for_no_evidence_is_judged_by_the_numbers(value: float, word: str) -> None:
    assert judged(quality_of(drop_of(value, -1.0, 1.0)), "point").verdict == word


@pytest.mark.parametrize(
    ("accuracy", "point", "interval"),
    [
        (estimate_of(0.98, 0.961, 0.99), FITS, FITS),
        (estimate_of(0.98, 0.95, 0.99), FITS, NOT_ENOUGH_EVIDENCE),
        (estimate_of(0.95, 0.93, 0.97), DOES_NOT_FIT, NOT_ENOUGH_EVIDENCE),
        (estimate_of(0.93, 0.91, 0.949), DOES_NOT_FIT, DOES_NOT_FIT),
    ],
)
def test_a_floor_is_held_against_the_number_or_where_asked_against_its_interval(
    accuracy: Estimate, point: str, interval: str
) -> None:
    quality = quality_of(drop_of(0, -0.01, 0.01), accuracy)
    assert (judged(quality).verdict, judged(quality, "interval").verdict) == (point, interval)


def test_one_class_of_ten_below_its_floor_by_chance_alone_is_not_missed() -> None:
    """Its number has a chance of 0.7 %: too little for one of 3 claims, and not for one of 12."""
    low, fine = estimate_of(0.80, 0.70, 0.88, 40), estimate_of(1.0, 0.91, 1.0, 40)
    lone = judged(quality_of(drop_of(0, -0.01, 0.01), estimate_of(1, 0.98, 1), a=low), "interval", 0.9)
    others = {f"b{number}": fine for number in range(9)}
    many = judged(quality_of(drop_of(0, -0.01, 0.01), estimate_of(1, 0.98, 1), a=low, **others), "interval", 0.9)
    assert [gate.name for gate in lone.missed] == ["recall of 'a'"]
    assert (many.verdict, [gate.name for gate in many.open]) == (NOT_ENOUGH_EVIDENCE, ["recall of 'a'"])


def test_a_class_without_samples_is_open_and_no_number_is_named() -> None:
    verdict = judged(
        quality_of(drop_of(0, -0.01, 0.01), estimate_of(1, 0.98, 1), a=estimate_of(1, 0, 1, 0)), "interval", 0.9
    )
    assert [(gate.name, gate.enough) for gate in verdict.open] == [("recall of 'a'", None)]


def test_a_missed_gate_outweighs_an_open_one() -> None:
    verdict = judged(quality_of(drop_of(0, -0.03, 0.03), estimate_of(0.9, 0.85, 0.94)))
    assert (verdict.verdict, len(verdict.open)) == (DOES_NOT_FIT, 1)
    assert "drop" not in miss_line(verdict)


def test_what_lacks_evidence_is_told_with_the_samples_that_would_be_enough() -> None:
    assert miss_line(judged(quality_of(drop_of(0.001, -0.02, 0.03)))) == (
        "NOT ENOUGH EVIDENCE  tiny → board: drop from float 0.10 % (-2.00 – 3.00 %), of 200 samples, against 2 %: "
        "about 640 samples would be enough"
    )


def test_more_samples_are_not_asked_for_where_an_equal_model_would_have_passed() -> None:
    drop = Drop(0.012, 0.001, 0.024, 0.04, 9_000, 8_000, "exact", 0.05)
    assert miss_line(judged(quality_of(drop))).endswith(
        "of 9,000 samples, against 2 %: enough samples for a model that is no worse, so this one probably is"
    )


def test_every_gate_says_its_answer() -> None:
    answers = [gate.answer for gate in judged(quality_of(drop_of(0, -0.03, 0.03), estimate_of(0.9, 0.85, 0.94))).gates]
    assert answers == ["passed", "passed", "passed", "missed", "not enough evidence"]


def test_a_rise_is_told_for_an_error() -> None:
    quality = Quality(task="regression", metric="mae", int8=1.5, float_=1.4, n=90, unit="°F")
    gate = drop_gate("production", drop_of(0.1, 0.0, 0.2), quality, Gates(metric="mae", most_mae=2, largest_drop=0.3))
    assert (gate.name, gate.interval_shown, gate.passed) == ("rise from production", "0 – 0.2 °F", True)


def test_one_more_gate_changes_the_word() -> None:
    verdict = judged(quality_of(drop_of(0, -0.01, 0.01)))
    gate = drop_gate("production", drop_of(0, -0.1, 0.1), quality_of(), Gates(least_accuracy=0.9))
    assert (verdict.verdict, verdict.also(gate).verdict) == (FITS, NOT_ENOUGH_EVIDENCE)


def test_a_later_look_is_held_against_its_own_level() -> None:
    quality, gates = quality_of(), Gates(least_accuracy=0.9)
    drop = drop_of(0.05, 0.01, 0.1, p=0.02)
    assert drop_gate("production", drop, quality, gates).missed
    assert drop_gate("production", drop_of(0.05, 0.01, 0.1, p=0.02, level=0.01), quality, gates).open


def test_a_verdict_with_evidence_survives_its_file() -> None:
    verdict = judged(quality_of(drop_of(0.001, -0.02, 0.03)))
    assert Verdict.model_validate_json(verdict.model_dump_json()) == verdict
