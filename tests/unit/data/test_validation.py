import pytest

from flashfit.data.validation import (
    Drift,
    Finding,
    Validation,
    load_validation,
    offence,
    pass_message,
    stop_message,
)
from flashfit.errors import DataError


def finding(expectation="every sample has an id", *, count=0, ids=(), **others):
    rest = {"table": "samples", "column": None, "success": False, "observed": (), **others}
    return Finding(expectation=expectation, offending_count=count, offending_ids=ids, **rest)


def test_message_lists_each_failed_expectation_and_no_other():
    findings = (
        finding("nan_count of every sample is 0", count=1, ids=("digits-0042",), observed=("3",)),
        finding("no id occurs twice", success=True),
        finding("there are at least 1,000 samples", observed=("897",)),
        finding("every class has samples in test", table="classes", count=2, ids=("7", "9")),
        finding("no sample is a copy of another", severity="warning", count=1, ids=("digits-0001",)),
    )
    assert stop_message(Validation(product="digits", samples=897, findings=findings)) == (
        "validation of digits stopped: 3 of 5 expectations failed\n"
        "  nan_count of every sample is 0: 1 sample (digits-0042)\n"
        "  there are at least 1,000 samples: observed 897\n"
        "  every class has samples in test: 2 classes (7, 9)"
    )


def test_many_offenders_are_cut_short_and_counted():
    ids = tuple(f"s{number}" for number in range(20))
    assert offence(finding(count=1234, ids=ids), shown=3) == "1,234 samples (s0, s1, s2, …)"


def test_offender_without_an_id_is_still_shown():
    assert offence(finding(count=2, ids=("", "s1"))) == "2 samples (no id, s1)"


def test_validation_succeeds_when_nothing_stops_the_line():
    held, failed, warned = finding(success=True), finding(), finding(severity="warning")
    assert Validation(product="digits", samples=1, findings=(held, warned)).success
    assert not Validation(product="digits", samples=1, findings=(held, warned, failed)).success


def test_what_passes_says_its_warnings_and_repairs():
    findings = (
        finding(success=True),
        finding("share of every class is in 0.02 to 0.5", table="classes", severity="warning", count=1, ids=("up",)),
        finding("every file could be read", table="files", severity="warning", count=1, ids=("up/a.wav",)),
        finding("a clock", table="series", severity="warning", count=2, ids=("a.csv", "b.csv")),
        finding("a drift", table="drift", severity="warning", count=1, ids=("mean",)),
    )
    validation = Validation(
        product="words", samples=900, findings=findings, repairs={"files are skipped": 1, "copies are left out": 1403}
    )
    assert pass_message(validation, "train 500, validation 200, test 200") == (
        "validated words: 1 of 5 expectations hold for train 500, validation 200, test 200\n"
        "  warning: share of every class is in 0.02 to 0.5: 1 class (up)\n"
        "  warning: every file could be read: 1 file (up/a.wav)\n"
        "  warning: a clock: 2 series (a.csv, b.csv)\n"
        "  warning: a drift: 1 statistic (mean)\n"
        "  repair: copies are left out: 1,403\n"
        "  repair: files are skipped: 1"
    )


def test_what_passes_in_every_way_is_one_line():
    validation = Validation(product="words", samples=9, findings=(finding(success=True),))
    assert pass_message(validation, "train 9") == "validated words: 1 expectations hold for train 9"


def test_a_validation_is_read_back_equal(tmp_path):
    validation = Validation(
        product="words",
        samples=9,
        left_out=2,
        findings=(finding(check="clock", severity="warning"),),
        repairs={"copies are left out": 2},
        drift=(Drift("mean", 0.1, 0.2),),
    )
    path = tmp_path / "validation.json"
    path.write_text(validation.model_dump_json())
    assert load_validation(path) == validation


@pytest.mark.parametrize("content", [None, "", '{"product": "words"}'])
def test_a_missing_or_damaged_validation_is_named(tmp_path, content):
    path = tmp_path / "validation.json"
    if content is not None:
        path.write_text(content)
    with pytest.raises(DataError, match=r"validation\.json is not a readable validation"):
        load_validation(path)
