"""validate: every kind of bad sample is named, and everything is written before the line stops."""

import json
import os
import re
import subprocess
import sys

import numpy as np
import pandas as pd
import pytest

from flashfit.data.validation import load_validation
from flashfit.errors import DataError
from tasks.fetch import fetch
from tasks.validate import validate

THREES = np.resize(["train"] * 3 + ["validation"] * 3 + ["test"] * 3, 150)
"""Given splits in which every split has every class of tiny_arrays."""


@pytest.fixture
def stopped(make_checkout):
    """stopped(arrays, **sections): the failed findings, offending ids by expectation."""

    def run(arrays, **sections):
        paths = make_checkout(arrays, **sections)
        fetch("tiny")
        with pytest.raises(DataError, match=r"^validation of tiny stopped: \d+ of 17 expectations failed\n"):
            validate("tiny")
        failed = load_validation(paths.of_product("tiny").validation).failed
        return {finding.expectation: finding.offending_ids for finding in failed}

    return run


def test_good_samples_pass_and_leave_table_findings_and_pages(make_checkout):
    files = make_checkout().of_product("tiny")
    fetch("tiny")

    line = validate("tiny")

    assert re.fullmatch(r"validated tiny: 17 expectations hold for train \d+, validation \d+, test \d+", line)
    assert len(pd.read_csv(files.table)) == 150
    assert load_validation(files.validation).success
    assert "every expectation holds" in (files.data_docs / "index.html").read_text()


def test_pages_fetch_nothing_and_lead_to_one_another(make_checkout):
    files = make_checkout().of_product("tiny")
    fetch("tiny")
    validate("tiny")
    pages = {page: page.read_text() for page in files.data_docs.rglob("*.html")}
    assert len(pages) == 5
    for page, text in pages.items():
        assert not re.search(r"<script|<img|<link|https?:", text)
        local = [link for link in re.findall(r'href="([^"#]+)', text) if not link.startswith("#")]
        assert local, page
        assert all((page.parent / link).is_file() for link in local)


def test_the_same_samples_give_the_same_bytes(make_checkout):
    files = make_checkout().of_product("tiny")
    fetch("tiny")

    def outputs():
        validate("tiny")
        written = [*files.validated.rglob("*"), *files.data_docs.rglob("*")]
        return {file: file.read_bytes() for file in written if file.is_file()}

    assert outputs() == outputs()


def test_failed_expectation_is_in_the_message_the_json_and_the_page(make_checkout, tiny_arrays):
    tiny_arrays["x"][42, 3, 3] = np.nan
    files = make_checkout(tiny_arrays).of_product("tiny")
    fetch("tiny")

    with pytest.raises(DataError, match="1 of 17 expectations failed") as caught:
        validate("tiny")

    assert str(caught.value) == (
        "validation of tiny stopped: 1 of 17 expectations failed\n"
        "  nan_count of every sample is 0: 1 sample (tiny-042)"
        "; next: open data/tiny/data_docs/index.html"
    )
    findings = json.loads(files.validation.read_text())["findings"]
    (failed,) = [finding for finding in findings if not finding["success"]]
    assert failed == {
        "table": "samples",
        "expectation": "nan_count of every sample is 0",
        "column": "nan_count",
        "success": False,
        "offending_count": 1,
        "offending_ids": ["tiny-042"],
        "observed": ["1"],
    }
    assert "1 sample (tiny-042)" in (files.data_docs / "index.html").read_text()


def test_picture_of_nothing_but_nan_is_named(stopped, tiny_arrays):
    tiny_arrays["x"][42] = np.nan
    assert stopped(tiny_arrays) == {"nan_count of every sample is 0": ("tiny-042",)}


def test_label_outside_the_set_is_named(stopped, tiny_arrays):
    tiny_arrays["label"][[3, 9]] = "z"
    assert stopped(tiny_arrays) == {"label of every sample is one of a, b, c": ("tiny-003", "tiny-009")}


def test_values_out_of_range_are_named_on_both_sides(stopped, tiny_arrays):
    tiny_arrays["x"][5, 0, 0], tiny_arrays["x"][6, 0, 0], tiny_arrays["x"][7, 0, 0] = -1, 16.5, np.inf
    assert stopped(tiny_arrays) == {
        "min of every sample is in 0 to 16": ("tiny-005",),
        "max of every sample is in 0 to 16": ("tiny-006", "tiny-007"),
    }


def test_one_sample_in_two_splits_is_named(stopped, tiny_arrays):
    tiny_arrays["x"][3], tiny_arrays["id"][3] = tiny_arrays["x"][0], "tiny-000"
    assert stopped({**tiny_arrays, "split": THREES}, split={"by": "given"}, expectations={"most_duplicates": 1}) == {
        "no id occurs twice": ("tiny-000", "tiny-000"),
        "no content lies in two splits": ("tiny-000", "tiny-000"),
        "no group lies in two splits": ("tiny-000", "tiny-000"),
    }


def test_one_group_in_two_splits_is_named(stopped, tiny_arrays):
    group = np.array([f"writer-{number}" for number in range(150)])
    group[[0, 8]] = "writer-x"
    assert stopped({**tiny_arrays, "split": THREES, "group": group}, split={"by": "given"}) == {
        "no group lies in two splits": ("tiny-000", "tiny-008")
    }


def test_same_content_in_two_groups_of_different_splits_is_named(stopped, tiny_arrays):
    tiny_arrays["x"][8] = tiny_arrays["x"][2]
    failed = stopped({**tiny_arrays, "split": THREES}, split={"by": "given"})
    assert failed["no content lies in two splits"] == ("tiny-002", "tiny-008")


def test_copies_are_named_when_they_are_more_than_allowed(stopped, tiny_arrays):
    tiny_arrays["x"][[12, 15]] = tiny_arrays["x"][0]
    assert stopped(tiny_arrays, expectations={"most_duplicates": 1}) == {
        "copies of other samples are at most 1": ("tiny-012", "tiny-015")
    }


def test_as_many_copies_as_allowed_pass(make_checkout, tiny_arrays):
    tiny_arrays["x"][[12, 15]] = tiny_arrays["x"][0]
    make_checkout(tiny_arrays, expectations={"most_duplicates": 2})
    fetch("tiny")
    assert validate("tiny").startswith("validated tiny")


def test_a_class_that_is_missing_or_too_common_is_named(stopped, tiny_arrays):
    few = {key: array[tiny_arrays["label"] != "c"] for key, array in tiny_arrays.items()}
    assert stopped(few, expectations={"least_samples": 101, "most_class_share": 0.5}) == {
        "there are at least 101 samples": (),
        "share of every class is in 0.02 to 0.5": ("c",),
        "every class has samples in train": ("c",),
        "every class has samples in validation": ("c",),
        "every class has samples in test": ("c",),
    }


def test_pictures_of_another_shape_or_of_text_are_named(stopped, tiny_arrays):
    failed = stopped({**tiny_arrays, "x": tiny_arrays["x"][:, :4].astype(str)})
    assert set(failed) == {"shape of every sample is 8x8", "dtype of every sample is a number"}
    assert failed["dtype of every sample is a number"][:2] == ("tiny-000", "tiny-001")


def test_given_splits_of_other_names_are_refused(make_checkout, tiny_arrays):
    make_checkout({**tiny_arrays, "split": np.resize(["train", "dev"], 150)}, split={"by": "given"})
    fetch("tiny")
    with pytest.raises(DataError, match=r"the source also has 'dev': 75 samples \(first: tiny-001\)"):
        validate("tiny")


def test_bad_samples_end_the_process_with_exit_code_2_and_the_reason(make_checkout, tiny_arrays, tmp_path):
    tiny_arrays["x"][42, 3, 3] = np.nan
    paths = make_checkout(tiny_arrays)
    fetch("tiny")
    failure = tmp_path / "failure.json"
    done = subprocess.run(
        [sys.executable, "-m", "tasks.validate", "tiny"],
        cwd=paths.root,
        capture_output=True,
        text=True,
        env={**os.environ, "FLASHFIT_FAILURE_FILE": str(failure)},
    )
    assert done.returncode == 2
    assert done.stderr.startswith("validation of tiny stopped: 1 of 17 expectations failed\n")
    assert "Traceback" not in done.stderr
    assert json.loads(failure.read_text()) == {"exit_code": 2, "message": done.stderr.rstrip("\n")}
