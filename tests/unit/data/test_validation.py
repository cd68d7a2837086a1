from flashfit.data.validation import Finding, Validation, offence, stop_message


def finding(expectation="every sample has an id", *, count=0, ids=(), **others):
    rest = {"table": "samples", "column": None, "success": False, "observed": (), **others}
    return Finding(expectation=expectation, offending_count=count, offending_ids=ids, **rest)


def test_message_lists_each_failed_expectation_and_no_other():
    findings = (
        finding("nan_count of every sample is 0", count=1, ids=("digits-0042",), observed=("3",)),
        finding("no id occurs twice", success=True),
        finding("there are at least 1,000 samples", observed=("897",)),
        finding("every class has samples in test", table="classes", count=2, ids=("7", "9")),
    )
    assert stop_message(Validation(product="digits", samples=897, findings=findings)) == (
        "validation of digits stopped: 3 of 4 expectations failed\n"
        "  nan_count of every sample is 0: 1 sample (digits-0042)\n"
        "  there are at least 1,000 samples: observed 897\n"
        "  every class has samples in test: 2 classes (7, 9)"
    )


def test_many_offenders_are_cut_short_and_counted():
    ids = tuple(f"s{number}" for number in range(20))
    assert offence(finding(count=1234, ids=ids), shown=3) == "1,234 samples (s0, s1, s2, …)"


def test_offender_without_an_id_is_still_shown():
    assert offence(finding(count=2, ids=("", "s1"))) == "2 samples (no id, s1)"


def test_validation_succeeds_when_nothing_failed():
    assert Validation(product="digits", samples=1, findings=(finding(success=True),)).success
    assert not Validation(product="digits", samples=1, findings=(finding(success=False),)).success
