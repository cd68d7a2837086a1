import numpy as np
import pytest

from flashfit.data.expected import expectations_of, severity_of, tables_of
from flashfit.data.samples import Account, ClockRecord, Sample
from flashfit.data.table import sample_table
from flashfit.data.validation import Drift
from flashfit.params import Expectations, Product, Split

SECTIONS = {
    "title": "A product",
    "task": "classification",
    "labels": ["a", "b"],
    "source": {"kind": "npz", "path": "x.npz", "sha256": 64 * "0"},
    "split": {"by": "hash"},
    "frontend": {"kind": "image", "scale": 1.0},
    "augment": {"copies": 0},
    "search": {"families": ["dense"]},
    "train": {},
    "quantize": {},
    "gates": {"metric": "accuracy", "least_accuracy": 0.5},
}
ANOMALY = {
    "task": "anomaly",
    "labels": ["normal", "anomaly"],
    "search": {"families": ["autoencoder"]},
    "gates": {"metric": "auc", "least_auc": 0.5},
}
REGRESSION = {"task": "regression", "labels": [], "gates": {"metric": "mae", "most_mae": 1}}
CLOCKS = [ClockRecord("a.csv", 101, 0.01, standing=3, backward=9, irregular=25, largest_gap_s=4.0)]


def product_of(expectations=None, **sections):
    return Product.model_validate({**SECTIONS, "expectations": {"range": [0, 1], **(expectations or {})}, **sections})


def tables(product, account=None, drift=()):
    samples = [Sample(f"s{n}", np.array([n / 2]), label="a") for n in range(3)]
    table = sample_table(samples, Split(), seed=7).assign(left_out=["", "silent", ""])
    return tables_of(table, product, account or Account(), list(drift))


def words(product, **others):
    return [one.words for one in expectations_of(product, tables(product, **others))]


def asked(product, check):
    return [one for one in expectations_of(product, tables(product, Account(clocks=CLOCKS))) if one.check == check]


def test_what_is_always_asked():
    assert words(product_of()) == [
        "the table has its columns",
        "there are at least 100 samples",
        "every sample has an id",
        "no id occurs twice",
        "every split has samples",
        "label of every sample is one of a, b",
        "dtype of every sample is a number",
        "no sample is empty",
        "nan_count of every sample is 0",
        "min of every sample is in 0 to 1",
        "max of every sample is in 0 to 1",
        "no sample is a copy of another",
        "no content lies in two splits",
        "no group lies in two splits",
        "no window overlaps one of another split",
        "share of every class is in 0.02 to 0.9",
        "every class has samples in train",
        "every class has samples in validation",
        "every class has samples in test",
    ]


def test_a_regression_has_targets_and_no_classes():
    product = product_of(**REGRESSION)
    found = words(product)
    assert "every sample has a target" in found
    assert "target of every sample is a finite number" in found
    assert not [line for line in found if "class" in line or "label" in line]
    assert len(tables(product)["classes"]) == 0


def test_anomalies_need_not_be_trained_on_and_may_be_rare():
    found = asked(product_of(**ANOMALY), "balance")
    assert [(one.words, one.only) for one in found] == [
        ("normal has samples in train", "normal"),
        ("every class has samples in validation", None),
        ("every class has samples in test", None),
    ]


def test_groups_may_span_a_split_by_time():
    found = words(product_of(split={"by": "time"}))
    assert "no group lies in two splits" not in found
    assert "no window overlaps one of another split" in found


@pytest.mark.parametrize(
    ("expectations", "check", "found"),
    [
        ({"shape": [2, 3]}, "shape", ["shape of every sample is 2x3"]),
        ({"length": [800, 16000]}, "length", ["length of every sample is in 800 to 16,000"]),
        ({"quietest_dbfs": -60}, "silence", ["loudness of every sample is at least -60 dBFS"]),
        ({"most_clipped": 0.01}, "clipping", ["clipped share of every sample is at most 0.01"]),
        ({"most_clock_steps": 0}, "clock", ["clock of every series stands still or steps back at most 0 times"]),
        ({"most_irregular": 0.02}, "sampling", ["irregular share of every series' time steps is at most 0.02"]),
        ({"most_duplicates": 1403}, "duplicates", ["copies of other samples are at most 1,403"]),
    ],
)
def test_what_is_asked_for_is_expected_and_nothing_else_is(expectations, check, found):
    assert [one.words for one in asked(product_of(expectations), check)] == found
    if check != "duplicates":
        assert asked(product_of(), check) == []


def test_who_asks_for_loudness_or_a_clock_must_have_one():
    assert "every sample is a sound (int16 values at a rate)" in words(product_of({"most_clipped": 0.0}))
    assert "there is a series with a clock" in words(product_of({"most_irregular": 0.0}))


def test_clocks_are_counted_by_series():
    (row,) = tables(product_of(), Account(clocks=CLOCKS))["series"].to_dict("records")
    assert (row["series"], row["clock_steps"], row["irregular_share"]) == ("a.csv", 12, 0.25)


def test_expectations_look_at_what_is_not_left_out():
    assert tables(product_of())["samples"]["id"].tolist() == ["s0", "s2"]


def test_drift_is_expected_where_there_is_an_accepted_version():
    product = product_of({"largest_drift": 0.25})
    assert not any("drift" in line for line in words(product))
    line = "drift (PSI) of every statistic since the accepted version is at most 0.25"
    assert line in words(product, drift=[Drift("mean", 0.1, 0.2)])


def test_skipped_files_warn_and_never_stop():
    product = product_of()
    account = Account({"b/1.wav": "truncated"})
    (one,) = [one for one in expectations_of(product, tables(product, account)) if one.table == "files"]
    assert one.words == "every file could be read"
    assert severity_of(one, product.expectations) == "warning"


@pytest.mark.parametrize(("policy", "severity"), [("stop", "stop"), ("warn", "warning"), ("repair", "stop")])
def test_the_policy_of_a_check_decides_what_its_failure_means(policy, severity):
    expected = Expectations(range=(0, 1), policy={"range": policy})
    for one in asked(product_of(), "range"):
        assert severity_of(one, expected) == severity


def test_a_leak_stops_the_line_whatever_the_policies_are():
    everything = Expectations(
        range=(0, 1), policy=dict.fromkeys(("duplicates", "shape", "range", "balance", "clock"), "warn")
    )
    for one in expectations_of(product_of(), tables(product_of())):
        if "two splits" in one.words or "another split" in one.words:
            assert severity_of(one, everything) == "stop"
