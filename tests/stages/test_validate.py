"""validate: every kind of bad sample is named, and everything is written before the line stops."""

import json
import os
import re
import subprocess
import sys

import numpy as np
import pytest

from flashfit.data.samples import Account, ClockRecord, Sample, save_samples
from flashfit.data.table import load_table
from flashfit.data.validation import load_validation
from flashfit.errors import DataError
from tasks.validate import validate

SPLITS = np.resize(["train"] * 3 + ["validation"] * 3 + ["test"] * 3, 150)
"""Given splits in which every split has every class of tiny_arrays."""

GIVEN = {"split": {"by": "given"}}
SERIES = {"split": {"by": "time", "validation": 0.2, "test": 0.2}}
ANOMALY = {
    "task": "anomaly",
    "labels": ["normal", "anomaly"],
    "search": {"families": ["autoencoder"]},
    "gates": {"metric": "auc", "least_accuracy": None, "least_auc": 0.5},
}
REGRESSION = {
    "task": "regression",
    "labels": [],
    "gates": {"metric": "mae", "least_accuracy": None, "most_mae": 1.0},
}


@pytest.fixture
def fetched(make_checkout, tiny_arrays):
    """fetched(samples, account, **sections): the product's files, with samples as fetch would leave them."""

    def write(samples=None, account=None, **sections):
        files = make_checkout(tiny_arrays, **sections).of_product("tiny")
        save_samples(files.samples, patterns(tiny_arrays) if samples is None else samples, account)
        return files

    return write


@pytest.fixture
def stopped(fetched):
    """stopped(samples, account, **sections): the failed findings, offending ids by expectation."""

    def run(samples, account=None, **sections):
        files = fetched(samples, account, **sections)
        with pytest.raises(DataError, match=r"^validation of tiny stopped: \d+ of \d+ expectations failed\n"):
            validate("tiny")
        failed = load_validation(files.validation).failed
        return {finding.expectation: finding.offending_ids for finding in failed}

    return run


def patterns(arrays, **columns):
    """The pictures of tiny_arrays as samples, and what columns say of them."""
    columns = {"id": arrays["id"], "label": arrays["label"], **columns}
    return [
        Sample(x=x, **{name: column[n] for name, column in columns.items()}) for n, x in enumerate(arrays["x"].copy())
    ]


def windows(count=100, **columns):
    """Pictures of one recording, ten rows each, one every ten rows."""
    random = np.random.default_rng(0)
    return [
        Sample(
            f"w{n:03d}",
            random.uniform(0, 16, (8, 8)).astype(np.float32),
            series="a.csv",
            start=10 * n,
            end=10 * n + 10,
            **{name: column[n] for name, column in columns.items()},
        )
        for n in range(count)
    ]


def clips(count=150):
    """Clips of 100 samples of noise at 1 kHz, of three classes."""
    random = np.random.default_rng(0)
    values = random.normal(0, 3000, (count, 100)).astype(np.int16)
    return [Sample(f"c{n:03d}", x, label="abc"[n % 3], rate_hz=1000.0) for n, x in enumerate(values)]


def test_good_samples_pass_and_leave_table_findings_and_pages(fetched):
    files = fetched()

    line = validate("tiny")

    assert re.fullmatch(r"validated tiny: 20 expectations hold for train \d+, validation \d+, test \d+", line)
    assert len(load_table(files.table)) == 150
    validation = load_validation(files.validation)
    assert (validation.success, validation.samples, validation.left_out) == (True, 150, 0)
    assert "every expectation holds" in (files.data_docs / "index.html").read_text()


def test_pages_fetch_nothing_and_lead_to_one_another(fetched):
    files = fetched()
    validate("tiny")
    pages = {page: page.read_text() for page in files.data_docs.rglob("*.html")}
    assert len(pages) == 5
    for page, text in pages.items():
        assert not re.search(r"<script|<img|<link|https?:", text)
        local = [link for link in re.findall(r'href="([^"#]+)', text) if not link.startswith("#")]
        assert local, page
        assert all((page.parent / link).is_file() for link in local)


def test_the_same_samples_give_the_same_bytes(fetched):
    files = fetched(account=Account({"a.png": "truncated"}), expectations={"least_class_share": 0.5, "policy": WARN})

    def outputs():
        validate("tiny")
        written = [*files.validated.rglob("*"), *files.data_docs.rglob("*")]
        return {file: file.read_bytes() for file in written if file.is_file()}

    assert outputs() == outputs()


def test_failed_expectation_is_in_the_message_the_json_and_the_page(fetched, tiny_arrays):
    tiny_arrays["x"][42, 3, 3] = np.nan
    files = fetched()

    with pytest.raises(DataError, match="1 of 20 expectations failed") as caught:
        validate("tiny")

    assert str(caught.value) == (
        "validation of tiny stopped: 1 of 20 expectations failed\n"
        "  nan_count of every sample is 0: 1 sample (tiny-042)"
        "; next: open data/tiny/data_docs/index.html"
    )
    findings = json.loads(files.validation.read_text())["findings"]
    (failed,) = [finding for finding in findings if not finding["success"]]
    assert failed == {
        "table": "samples",
        "expectation": "nan_count of every sample is 0",
        "column": "nan_count",
        "check": None,
        "severity": "stop",
        "success": False,
        "offending_count": 1,
        "offending_ids": ["tiny-042"],
        "observed": ["1"],
    }
    assert "1 sample (tiny-042)" in (files.data_docs / "index.html").read_text()


def test_picture_of_nothing_but_nan_is_named(stopped, tiny_arrays):
    tiny_arrays["x"][42] = np.nan
    assert stopped(patterns(tiny_arrays)) == {"nan_count of every sample is 0": ("tiny-042",)}


def test_label_outside_the_set_is_named(stopped, tiny_arrays):
    tiny_arrays["label"][[3, 9]] = "z"
    assert stopped(patterns(tiny_arrays)) == {"label of every sample is one of a, b, c": ("tiny-003", "tiny-009")}


def test_values_out_of_range_are_named_on_both_sides(stopped, tiny_arrays):
    tiny_arrays["x"][5, 0, 0], tiny_arrays["x"][6, 0, 0], tiny_arrays["x"][7, 0, 0] = -1, 16.5, np.inf
    assert stopped(patterns(tiny_arrays)) == {
        "min of every sample is in 0 to 16": ("tiny-005",),
        "max of every sample is in 0 to 16": ("tiny-006", "tiny-007"),
    }


def test_values_in_another_unit_are_named_by_their_range(stopped, tiny_arrays):
    tiny_arrays["x"][140:] *= 1000  # milli, where the others are whole
    failed = stopped(patterns(tiny_arrays))
    assert failed["max of every sample is in 0 to 16"] == tuple(f"tiny-{n}" for n in range(140, 150))


def test_one_sample_in_two_splits_is_named(stopped, tiny_arrays):
    tiny_arrays["x"][3], tiny_arrays["id"][3] = tiny_arrays["x"][0], "tiny-000"
    assert stopped(patterns(tiny_arrays, split=SPLITS), **GIVEN, expectations={"most_duplicates": 1}) == {
        "no id occurs twice": ("tiny-000", "tiny-000"),
        "no content lies in two splits": ("tiny-000", "tiny-000"),
        "no group lies in two splits": ("tiny-000", "tiny-000"),
    }


def test_one_group_in_two_splits_is_named(stopped, tiny_arrays):
    group = np.array([f"writer-{number}" for number in range(150)])
    group[[0, 8]] = "writer-x"
    assert stopped(patterns(tiny_arrays, split=SPLITS, group=group), **GIVEN) == {
        "no group lies in two splits": ("tiny-000", "tiny-008")
    }


def test_same_content_in_two_groups_of_different_splits_is_named(stopped, tiny_arrays):
    tiny_arrays["x"][8] = tiny_arrays["x"][2]
    failed = stopped(patterns(tiny_arrays, split=SPLITS), **GIVEN)
    assert failed["no content lies in two splits"] == ("tiny-002", "tiny-008")


def test_windows_that_overlap_one_of_another_split_are_named(stopped, tiny_arrays):
    place = {"series": ["a.csv"] * 150, "start": range(150), "end": [n + 1 for n in range(150)]}
    place["end"][2] = 4  # s2 trains, s3 validates
    assert stopped(patterns(tiny_arrays, split=SPLITS, **place), **GIVEN) == {
        "no window overlaps one of another split": ("tiny-002", "tiny-003")
    }


def test_a_split_that_has_no_samples_is_named(fetched, tiny_arrays):
    splits = np.resize(["train"] * 3 + ["validation"] * 3, 150)
    fetched(patterns(tiny_arrays, split=splits), **GIVEN, expectations={"policy": {"balance": "warn"}})
    with pytest.raises(DataError, match=r"1 of 20 expectations failed\n  every split has samples: observed no test;"):
        validate("tiny")


def test_copies_are_named_when_they_are_more_than_allowed(stopped, tiny_arrays):
    tiny_arrays["x"][[12, 15]] = tiny_arrays["x"][0]
    assert stopped(patterns(tiny_arrays), expectations={"most_duplicates": 1}) == {
        "copies of other samples are at most 1": ("tiny-012", "tiny-015")
    }


def test_as_many_copies_as_allowed_pass(fetched, tiny_arrays):
    tiny_arrays["x"][[12, 15]] = tiny_arrays["x"][0]
    fetched(expectations={"most_duplicates": 2})
    assert validate("tiny").startswith("validated tiny")


def test_a_class_that_is_missing_or_too_common_is_named(stopped, tiny_arrays):
    few = {key: array[tiny_arrays["label"] != "c"] for key, array in tiny_arrays.items()}
    assert stopped(patterns(few), expectations={"least_samples": 101, "most_class_share": 0.5}) == {
        "there are at least 101 samples": (),
        "share of every class is in 0.02 to 0.5": ("c",),
        "every class has samples in train": ("c",),
        "every class has samples in validation": ("c",),
        "every class has samples in test": ("c",),
    }


def test_a_class_of_one_sample_is_named(stopped, tiny_arrays):
    tiny_arrays["label"][tiny_arrays["label"] == "c"] = "a"
    tiny_arrays["label"][0] = "c"
    failed = stopped(patterns(tiny_arrays, split=SPLITS), **GIVEN)
    assert failed == {
        "share of every class is in 0.02 to 0.9": ("c",),
        "every class has samples in validation": ("c",),
        "every class has samples in test": ("c",),
    }


def test_samples_of_another_shape_or_length_are_named(stopped, tiny_arrays):
    samples = patterns(tiny_arrays)
    samples[7] = Sample("tiny-007", np.ones((3, 8), np.float32), label="b")
    samples[9] = Sample("tiny-009", np.ones((0, 8), np.float32), label="a")
    assert stopped(samples, expectations={"length": [4, 8]}) == {
        "no sample is empty": ("tiny-009",),
        "shape of every sample is 8x8": ("tiny-007", "tiny-009"),
        "length of every sample is in 4 to 8": ("tiny-007", "tiny-009"),
    }


def test_given_splits_of_other_names_are_refused(fetched, tiny_arrays):
    fetched(patterns(tiny_arrays, split=np.resize(["train", "dev"], 150)), **GIVEN)
    with pytest.raises(DataError, match=r"the source also has 'dev': 75 samples \(first: tiny-001\)"):
        validate("tiny")


SOUND = {"shape": None, "range": [-32768, 32767], "quietest_dbfs": -60, "most_clipped": 0.1}


def test_silent_and_clipped_clips_are_named(stopped):
    samples = clips()
    samples[5].x[:] = 1200  # a constant offset is silent, too
    samples[6].x[:20] = np.resize([32767, -32768], 20)
    assert stopped(samples, expectations=SOUND) == {
        "loudness of every sample is at least -60 dBFS": ("c005",),
        "clipped share of every sample is at most 0.1": ("c006",),
    }


def test_pictures_have_no_loudness_to_look_at(stopped, tiny_arrays):
    failed = stopped(patterns(tiny_arrays), expectations={"most_clipped": 0.1})
    assert list(failed) == ["every sample is a sound (int16 values at a rate)"]


CLOCK = ClockRecord("a.csv", rows=1001, usual_s=1.0, standing=3, backward=9, irregular=50, largest_gap_s=3600.0)
STEADY = ClockRecord("b.csv", rows=1001, usual_s=1.0, standing=0, backward=0, irregular=0, largest_gap_s=1.0)


def test_clocks_that_step_back_or_are_irregular_are_named(stopped, tiny_arrays):
    account = Account(clocks=[CLOCK, STEADY])
    failed = stopped(patterns(tiny_arrays), account, expectations={"most_clock_steps": 11, "most_irregular": 0.04})
    assert failed == {
        "clock of every series stands still or steps back at most 11 times": ("a.csv",),
        "irregular share of every series' time steps is at most 0.04": ("a.csv",),
    }


def test_clocks_within_what_is_allowed_pass(fetched):
    fetched(account=Account(clocks=[CLOCK, STEADY]), expectations={"most_clock_steps": 12, "most_irregular": 0.05})
    assert validate("tiny").startswith("validated tiny: 23 expectations hold")


def test_a_source_without_a_clock_cannot_have_it_checked(stopped, tiny_arrays):
    failed = stopped(patterns(tiny_arrays), expectations={"most_clock_steps": 0})
    assert failed == {"there is a series with a clock": ()}


def test_windows_over_a_border_in_time_are_left_out_and_counted(fetched):
    longer = [Sample(**{**vars(one), "end": one.end + 10}) for one in windows(label=["a", "b", "c", "a"] * 25)]
    files = fetched(longer, **SERIES, expectations={"least_samples": 98})

    assert validate("tiny") == (
        "validated tiny: 19 expectations hold for train 59, validation 19, test 20\n"
        "  repair: windows that overlap a border are left out: 2"
    )
    table = load_table(files.table)
    assert table["id"][table["left_out"] == "overlaps a border"].tolist() == ["w059", "w079"]


def test_anomalies_are_not_needed_in_train_and_may_be_rare(fetched):
    labels = ["normal"] * 78 + ["anomaly"] + ["normal"] * 20 + ["anomaly"]
    fetched(windows(label=labels), **SERIES, **ANOMALY)
    assert validate("tiny").startswith("validated tiny: 18 expectations hold for train 60, validation 20, test 20")


def test_training_without_normal_samples_or_a_test_without_anomalies_is_named(stopped):
    labels = ["anomaly"] * 60 + ["normal", "anomaly"] * 10 + ["normal"] * 20
    assert stopped(windows(label=labels), **SERIES, **ANOMALY) == {
        "normal has samples in train": ("normal",),
        "every class has samples in test": ("anomaly",),
    }


def test_targets_that_are_missing_or_infinite_are_named(stopped):
    targets = np.arange(100.0).tolist()
    targets[3], targets[4], targets[5] = None, np.inf, -np.inf
    assert stopped(windows(target=targets), **SERIES, **REGRESSION) == {
        "every sample has a target": ("w003",),
        "target of every sample is a finite number": ("w004", "w005"),
    }


def test_a_regression_passes_without_classes(fetched):
    files = fetched(windows(target=np.arange(100.0)), **SERIES, **REGRESSION)
    assert validate("tiny").startswith("validated tiny: 16 expectations hold")
    assert "Classes" not in (files.data_docs / "index.html").read_text()


WARN = {"shape": "warn", "balance": "warn", "sampling": "warn", "duplicates": "warn"}


def test_what_only_warns_is_written_down_and_does_not_stop_the_line(fetched, tiny_arrays):
    tiny_arrays["x"][12] = tiny_arrays["x"][0]
    files = fetched(
        account=Account(clocks=[CLOCK]),
        expectations={"most_class_share": 0.3, "most_irregular": 0.01, "policy": WARN},
    )

    line = validate("tiny")

    assert line.startswith("validated tiny: 19 of 22 expectations hold for train ")
    assert line.splitlines()[1:] == [
        "  warning: no sample is a copy of another: 1 sample (tiny-012)",
        "  warning: share of every class is in 0.02 to 0.3: 3 classes (a, b, c)",
        "  warning: irregular share of every series' time steps is at most 0.01: 1 series (a.csv)",
    ]
    validation = load_validation(files.validation)
    assert validation.success
    assert {finding.check for finding in validation.warnings} == {"duplicates", "balance", "sampling"}
    assert "passed with 3 warnings" in (files.data_docs / "index.html").read_text()


def test_a_warning_beside_a_failure_does_not_hide_it(stopped, tiny_arrays):
    tiny_arrays["x"][12] = tiny_arrays["x"][0]
    tiny_arrays["x"][13, 0, 0] = 17
    failed = stopped(patterns(tiny_arrays), expectations={"policy": WARN})
    assert failed == {"max of every sample is in 0 to 16": ("tiny-013",)}


def test_what_is_repaired_is_left_out_counted_and_then_checked(fetched, tiny_arrays):
    tiny_arrays["x"][[12, 15]] = tiny_arrays["x"][0]
    samples = patterns(tiny_arrays)
    samples[7] = Sample("tiny-007", np.full((3024, 3024), 8, np.float32), label="b")
    samples[8].x[0, 0] = 99
    policy = dict.fromkeys(("duplicates", "shape", "range"), "repair")
    files = fetched(samples, Account(repairs={"rows sorted by time": 12}), expectations={"policy": policy})

    line = validate("tiny")

    assert line.splitlines()[1:] == [
        "  repair: copies are left out: 2",
        "  repair: rows sorted by time: 12",
        "  repair: samples of another shape are left out: 1",
        "  repair: samples out of range are left out: 1",
    ]
    validation = load_validation(files.validation)
    assert (validation.success, validation.samples, validation.left_out) == (True, 150, 4)
    assert validation.repairs == {
        "copies are left out": 2,
        "rows sorted by time": 12,
        "samples of another shape are left out": 1,
        "samples out of range are left out": 1,
    }
    table = load_table(files.table).set_index("id")
    out = table["left_out"][table["left_out"] != ""].to_dict()
    assert out == {
        "tiny-007": "shape 3024x3024",
        "tiny-008": "out of range",
        "tiny-012": "copy of tiny-000",
        "tiny-015": "copy of tiny-000",
    }
    assert "146 samples; 4 more are left out" in (files.data_docs / "index.html").read_text()


def test_a_repair_that_leaves_too_little_stops_the_line(stopped, tiny_arrays):
    tiny_arrays["x"][:60] *= 10
    failed = stopped(patterns(tiny_arrays), expectations={"policy": {"range": "repair"}})
    assert failed == {"there are at least 100 samples": ()}


def test_a_repair_that_leaves_nothing_stops_the_line(stopped, tiny_arrays):
    failed = stopped(patterns(tiny_arrays), expectations={"range": [20, 30], "policy": {"range": "repair"}})
    assert "there are at least 100 samples" in failed
    assert "every split has samples" in failed


def test_skipped_files_are_named_and_counted_and_do_not_stop_the_line(fetched):
    account = Account({"a/1.wav": "24 bits a sample", "b/2.wav": "empty"})
    files = fetched(account=account)
    line = validate("tiny")
    assert "  warning: every file could be read: 2 files (a/1.wav, b/2.wav)\n" in line
    assert line.endswith("  repair: files are skipped: 2")
    (finding,) = load_validation(files.validation).warnings
    assert finding.observed == ("24 bits a sample", "empty")


DRIFT = {"expectations": {"range": [0, 32], "largest_drift": 0.25}}


def test_samples_that_moved_since_the_accepted_version_are_named_by_statistic(fetched, stopped, tiny_arrays):
    files = fetched(**DRIFT)
    assert "PSI" not in validate("tiny")  # nothing was accepted yet
    accepted = files.table.read_bytes()

    files.accepted_table.write_bytes(accepted)
    assert validate("tiny").startswith("validated tiny: 21 expectations hold")
    assert {drift.psi for drift in load_validation(files.validation).drift} == {0}

    tiny_arrays["x"] += 4
    failed = stopped(patterns(tiny_arrays), **DRIFT)
    line = "drift (PSI) of every statistic since the accepted version is at most 0.25"
    assert failed == {line: ("min", "max", "mean")}
    drift = {one.statistic: one for one in load_validation(files.validation).drift}
    assert drift["std"].psi < 0.25 < drift["mean"].psi
    assert drift["mean"].ks > 0.9
    assert "Drift since the accepted version" in (files.data_docs / "index.html").read_text()


def test_an_accepted_table_that_is_none_is_named(fetched):
    files = fetched(**DRIFT)
    files.accepted_table.write_text("id,label\n")
    with pytest.raises(DataError, match=r"accepted\.csv has columns id, label, not id, label, target"):
        validate("tiny")


def test_bad_samples_end_the_process_with_exit_code_2_and_the_reason(fetched, tiny_arrays, tmp_path):
    tiny_arrays["x"][42, 3, 3] = np.nan
    files = fetched()
    failure = tmp_path / "failure.json"
    done = subprocess.run(
        [sys.executable, "-m", "tasks.validate", "tiny"],
        cwd=files.root,
        capture_output=True,
        text=True,
        env={**os.environ, "FLASHFIT_FAILURE_FILE": str(failure)},
    )
    assert done.returncode == 2
    assert done.stderr.startswith("validation of tiny stopped: 1 of 20 expectations failed\n")
    assert "Traceback" not in done.stderr
    assert json.loads(failure.read_text()) == {"exit_code": 2, "message": done.stderr.rstrip("\n")}
