"""Samples and features on disk: streamed, typed, the same bytes for the same samples."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from flashfit.data.features import FeatureWriter, load_features
from flashfit.data.samples import (
    Account,
    ClockRecord,
    Sample,
    count_samples,
    iterate_samples,
    load_account,
    save_samples,
)
from flashfit.errors import DataError


def clips(count: int) -> Iterator[Sample]:
    for number in range(count):
        yield Sample(f"clip-{number}", np.arange(number + 1, dtype=np.int16), "yes", group="ann", rate_hz=8000.0)


def test_samples_of_any_length_come_back_as_they_were(tmp_path: Path) -> None:
    assert save_samples(tmp_path / "samples.parquet", clips(5)) == 5
    back = list(iterate_samples(tmp_path / "samples.parquet"))
    assert [sample.x.tolist() for sample in back] == [list(range(number + 1)) for number in range(5)]
    assert back[3] == Sample("clip-3", back[3].x, "yes", group="ann", rate_hz=8000.0)
    assert back[3].x.dtype == np.int16


def test_more_samples_than_a_row_group_come_back_in_order(tmp_path: Path) -> None:
    save_samples(tmp_path / "samples.parquet", (Sample(str(n), np.zeros((1, 2), np.uint8)) for n in range(5000)))
    assert count_samples(tmp_path / "samples.parquet") == 5000
    assert [sample.id for sample in iterate_samples(tmp_path / "samples.parquet")] == [str(n) for n in range(5000)]


def test_samples_are_taken_one_by_one_and_never_all_at_once(tmp_path: Path) -> None:
    alive: set[int] = set()
    most = 0

    def big() -> Iterator[Sample]:
        nonlocal most
        for number in range(40):
            x = np.full(1 << 20, number % 7, dtype=np.int16)
            alive.add(number)
            most = max(most, len(alive))
            yield Sample(str(number), x)
            alive.discard(number - 8)

    save_samples(tmp_path / "samples.parquet", big())
    assert most <= 9


def test_the_same_samples_give_the_same_bytes(tmp_path: Path) -> None:
    for name in ("a", "b"):
        save_samples(tmp_path / name, clips(20), Account(skipped={"x.wav": "empty"}))
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()


def test_the_account_comes_back_with_the_samples(tmp_path: Path) -> None:
    account = Account({"x.wav": "empty"}, {"doubles dropped": 12}, [ClockRecord("s", 9, 0.01, 1, 2, 3, 0.5)])
    save_samples(tmp_path / "samples.parquet", clips(1), account)
    assert load_account(tmp_path / "samples.parquet") == account


def test_a_repair_of_nothing_is_not_counted() -> None:
    account = Account()
    account.repaired("doubles dropped", 0)
    account.repaired("rows sorted", 3)
    account.repaired("rows sorted", 2)
    assert account.repairs == {"rows sorted": 5}


def test_a_source_without_samples_is_refused_and_leaves_nothing(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="holds no samples"):
        save_samples(tmp_path / "samples.parquet", iter(()))
    assert list(tmp_path.iterdir()) == []


def test_a_source_that_fails_half_way_leaves_the_file_of_before(tmp_path: Path) -> None:
    def broken() -> Iterator[Sample]:
        yield from clips(3)
        raise DataError("x.wav is truncated")

    save_samples(tmp_path / "samples.parquet", clips(2))
    with pytest.raises(DataError, match="truncated"):
        save_samples(tmp_path / "samples.parquet", broken())
    assert count_samples(tmp_path / "samples.parquet") == 2
    assert [path.name for path in tmp_path.iterdir()] == ["samples.parquet"]


@pytest.mark.parametrize("x", [np.array(["a"]), np.array([1 + 2j]), np.array([True])])
def test_samples_that_are_not_numbers_are_refused(tmp_path: Path, x: np.ndarray) -> None:
    with pytest.raises(DataError, match=r"and not numbers \(first: odd\)"):
        save_samples(tmp_path / "samples.parquet", [Sample("odd", x)])


def test_samples_of_two_types_are_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="differ in type: int16, uint8"):
        save_samples(tmp_path / "s", [Sample("a", np.zeros(1, np.int16)), Sample("b", np.zeros(1, np.uint8))])


@pytest.mark.parametrize("content", [b"", b"PAR1", b"no parquet at all"])
def test_a_damaged_file_is_named(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "samples.parquet").write_bytes(content)
    with pytest.raises(DataError, match=r"samples\.parquet is not a readable Parquet file"):
        list(iterate_samples(tmp_path / "samples.parquet"))


def write_features(folder: Path, count: int = 3) -> None:
    writer = FeatureWriter(folder, count, (2, 1, 1))
    for number in range(count):
        writer.add(np.full((2, 1, 1), number, np.float32), number % 2, f"s{number}", "g")
    writer.close()


def test_features_come_back_as_they_were(tmp_path: Path) -> None:
    write_features(tmp_path / "train")
    features = load_features(tmp_path / "train")
    assert features.x[:, 0, 0, 0].tolist() == [0.0, 1.0, 2.0]
    assert features.y.tolist() == [0, 1, 0] and features.y.dtype == np.int64
    assert features.ids.tolist() == ["s0", "s1", "s2"]


def test_targets_are_kept_as_numbers(tmp_path: Path) -> None:
    writer = FeatureWriter(tmp_path / "train", 1, (1, 1, 1))
    writer.add(np.zeros((1, 1, 1), np.float32), 21.5, "s", "g")
    writer.close()
    assert load_features(tmp_path / "train").y.tolist() == [21.5]


def test_no_features_at_all_are_a_split_too(tmp_path: Path) -> None:
    write_features(tmp_path / "augmented", 0)
    assert len(load_features(tmp_path / "augmented")) == 0


def test_fewer_features_than_announced_are_a_fault(tmp_path: Path) -> None:
    writer = FeatureWriter(tmp_path / "train", 2, (1, 1, 1))
    with pytest.raises(ValueError, match="0 samples of 2"):
        writer.close()


def test_a_missing_array_is_named(tmp_path: Path) -> None:
    write_features(tmp_path / "train")
    (tmp_path / "train" / "y.npy").unlink()
    with pytest.raises(DataError, match=r"y\.npy is not a readable array"):
        load_features(tmp_path / "train")
