"""Time series in CSV: forecasts, anomalies and commissioning."""

import json

import numpy as np
import pytest
from pydantic import TypeAdapter

from flashfit.data.samples import Account
from flashfit.data.sources import read_source
from flashfit.errors import ConfigError, DataError
from flashfit.params import Source

DAYS = {"column": "t", "unit": "iso"}
FORECAST = {"target": {"column": "u", "rows": 2}}
ANOMALY = {"anomaly": "column:bad"}
WINDOWS = {"anomaly": {"file": "w.json", "key": "plant"}, "clock": DAYS}


def read(root, account=None, **source):
    defaults = {"kind": "csv-series", "path": "d", "columns": ["u"], "window": 3}
    parsed = TypeAdapter(Source).validate_python({**defaults, **source})
    return list(read_source(parsed, root, account or Account()))


def write(root, path, days, bad=None):
    """u is the day, v its square, bad a flag."""
    bad = [0] * len(days) if bad is None else bad
    rows = [f"2024-01-{day:02d} 00:00:00;{day};{day**2};{flag}" for day, flag in zip(days, bad, strict=True)]
    file = root / "d" / path
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text("\n".join(["t;u;v;bad", *rows]))


def write_windows(root, content):
    (root / "d/w.json").write_text(content if isinstance(content, str) else json.dumps(content))


def test_a_forecast_is_the_value_so_many_rows_after_the_window(tmp_path):
    write(tmp_path, "a.csv", range(1, 8))
    samples = read(tmp_path, **FORECAST)
    assert [(sample.x[:, 0].tolist(), sample.target) for sample in samples] == [
        ([1, 2, 3], 5),
        ([2, 3, 4], 6),
        ([3, 4, 5], 7),
    ]
    assert (samples[1].id, samples[1].label, samples[1].series, samples[1].group) == (
        "a.csv@000001",
        "",
        *["a.csv"] * 2,
    )


def test_the_place_of_a_forecast_reaches_to_the_row_that_it_answers(tmp_path):
    write(tmp_path, "a.csv", range(1, 8))
    assert [(sample.start, sample.end) for sample in read(tmp_path, **FORECAST)] == [(0, 5), (1, 6), (2, 7)]


def test_a_regression_answers_another_column_of_its_last_row(tmp_path):
    write(tmp_path, "a.csv", range(1, 5))
    assert [sample.target for sample in read(tmp_path, target={"column": "v"})] == [9, 16]


def test_neither_a_window_nor_its_forecast_lies_across_a_gap(tmp_path):
    write(tmp_path, "a.csv", [1, 2, 3, 4, 5, 10, 11, 12, 13])
    account = Account()
    samples = read(tmp_path, account, clock=DAYS, largest_gap_s=86_400, **FORECAST)
    assert [(sample.x[0, 0], sample.target) for sample in samples] == [(1, 5)]
    assert account.repairs == {"stretches shorter than 5 rows: left out": 1}
    assert account.clocks[0].largest_gap_s == 5 * 86_400


def test_rows_are_sorted_and_doubles_dropped_and_counted(tmp_path):
    write(tmp_path, "a.csv", [1, 2, 4, 3, 4, 5])
    account = Account()
    samples = read(tmp_path, account, clock=DAYS, **FORECAST)
    assert [(sample.x[:, 0].tolist(), sample.target) for sample in samples] == [([1, 2, 3], 5)]
    assert account.repairs["rows whose time an earlier row has: dropped"] == 1
    assert account.clocks[0].backward == 1


def test_rows_go_to_the_grid_of_the_period(tmp_path):
    write(tmp_path, "a.csv", [1, 2, 4])
    samples = read(tmp_path, clock=DAYS, period_s=43_200, window=6, target={"column": "v"})
    assert samples[0].x[:, 0].tolist() == [1, 1.5, 2, 2.5, 3, 3.5]
    assert samples[0].target == pytest.approx(4 + 12 * 0.75)  # v goes from 4 to 16 in two days


def test_a_sample_is_anomalous_when_its_last_row_is(tmp_path):
    write(tmp_path, "a.csv", range(1, 7), bad=[0, 0, 0, 1, 0, 1])
    assert [sample.label for sample in read(tmp_path, **ANOMALY)] == ["normal", "anomaly", "normal", "anomaly"]


def test_anomalous_stretches_in_json_include_both_ends(tmp_path):
    write(tmp_path, "a.csv", range(1, 9))
    write_windows(tmp_path, {"plant": [["2024-01-04 00:00:00.000000", "2024-01-05"], ["2024-01-08", "2024-01-09"]]})
    labels = [sample.label for sample in read(tmp_path, **WINDOWS)]
    assert labels == ["normal", "anomaly", "anomaly", "normal", "normal", "anomaly"]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ({"other": []}, r"^d/w\.json has no key plant"),
        ({"plant": [["2024-01-01"]]}, r"^d/w\.json: plant is not a list of \[start, end\]"),
        ({"plant": [["2024-01-02", "noon"]]}, r"^d/w\.json: plant holds what is no time in iso"),
        ({"plant": [["2024-01-02", "2024-01-01"]]}, r"^d/w\.json: plant holds a stretch that ends before it begins"),
        ("{", r"^d/w\.json is not JSON: "),
    ],
)
def test_anomalous_stretches_that_are_none_are_refused(tmp_path, content, message):
    write(tmp_path, "a.csv", range(1, 9))
    write_windows(tmp_path, content)
    with pytest.raises(DataError, match=message):
        read(tmp_path, **WINDOWS)


def test_a_missing_file_of_stretches_is_named(tmp_path):
    write(tmp_path, "a.csv", range(1, 9))
    with pytest.raises(DataError, match=r"^d/w\.json does not exist"):
        read(tmp_path, **WINDOWS)


def test_stretches_of_one_file_are_not_taken_for_those_of_another(tmp_path):
    for name in ("a.csv", "b.csv"):
        write(tmp_path, name, range(1, 9))
    write_windows(tmp_path, {"known/a.csv": []})
    with pytest.raises(DataError, match=r"known/a\.csv is about a\.csv, and source\.files matches 2 files; next: set"):
        read(tmp_path, clock=DAYS, anomaly={"file": "w.json", "key": "known/a.csv"})


def test_commissioned_rows_scale_the_file_and_train_and_no_window_reaches_out_of_them(tmp_path):
    write(tmp_path, "a.csv", range(1, 10), bad=[0, 0, 1, 0, 0, 0, 0, 1, 0])
    (tmp_path / "d/splits.csv").write_text("path,split\na.csv,test\n")
    account = Account()
    samples = read(tmp_path, account, commission_rows=4, listing={}, **ANOMALY)
    assert [(sample.start, sample.split, sample.label) for sample in samples] == [
        (0, "train", "normal"),
        (1, "train", "normal"),
        (4, "test", "normal"),
        (5, "test", "anomaly"),
        (6, "test", "normal"),
    ]
    deviation = np.std([1, 2, 3, 4])
    np.testing.assert_allclose(samples[2].x[:, 0], (np.array([5, 6, 7]) - 2.5) / deviation, rtol=1e-6)
    assert account.repairs == {
        "rows of commissioning labelled anomalous: taken as normal": 1,
        "windows across the end of commissioning: left out": 2,
    }


def test_a_file_shorter_than_its_commissioning_is_refused(tmp_path):
    write(tmp_path, "a.csv", range(1, 6))
    with pytest.raises(DataError, match=r"^d/a\.csv: 5 rows are less than the 6 of commissioning"):
        read(tmp_path, commission_rows=6, **ANOMALY)


def test_the_group_is_the_file_or_found_in_the_path(tmp_path):
    write(tmp_path, "pump1/a.csv", range(1, 4))
    assert read(tmp_path, **ANOMALY)[0].group == "pump1/a.csv"
    assert read(tmp_path, group="(pump.)/", **ANOMALY)[0].group == "pump1"


def test_a_flag_that_is_neither_0_nor_1_is_named_with_its_line(tmp_path):
    write(tmp_path, "a.csv", range(1, 4), bad=[0, 2, 0])
    with pytest.raises(DataError, match=r"^d/a\.csv: column bad, line 3: 2 is neither 0 nor 1"):
        read(tmp_path, **ANOMALY)


def test_a_file_without_the_anomaly_column_is_named_with_what_it_has(tmp_path):
    write(tmp_path, "a.csv", range(1, 4))
    with pytest.raises(DataError, match=r"^d/a\.csv: no column wrong \(it has: t, u, v, bad\)"):
        read(tmp_path, anomaly="column:wrong")


@pytest.mark.parametrize("settings", [{"period_s": 1}, {"largest_gap_s": 1}, {"anomaly": WINDOWS["anomaly"]}])
def test_what_needs_a_clock_says_so(tmp_path, settings):
    write(tmp_path, "a.csv", range(1, 4))
    with pytest.raises(ConfigError, match=r"^source\.clock is missing: .* needs it"):
        read(tmp_path, **{**ANOMALY, **settings})
