"""A trap comes with the policy that keeps it from stopping the build that was just proposed."""

import numpy as np
import pytest

from flashfit.data.inspect.traps import find_traps
from flashfit.data.samples import Account, ClockRecord, Sample
from flashfit.data.table import sample_table
from flashfit.params import Split

RANDOM = np.random.default_rng(0)


def sound(number: int, label: str, loud: int = 1000, length: int = 800) -> Sample:
    wave = RANDOM.integers(-loud, loud + 1, length).astype(np.int16)
    return Sample(f"{label}/{number}", wave, label, rate_hz=800.0)


def policies(samples: list[Sample], account: Account | None = None) -> dict[str | None, str | None]:
    table = sample_table(samples, Split(), 0)
    labels = sorted({sample.label for sample in samples})
    return {trap.check: trap.policy for trap in find_traps(table, account or Account(), labels, anomaly=False)}


def even(count: int = 60) -> list[Sample]:
    return [sound(number, label) for label in ("a", "b") for number in range(count)]


def test_good_data_have_no_traps() -> None:
    assert policies(even()) == {}


def test_a_silent_clip_is_left_out_and_a_silent_class_is_not() -> None:
    assert policies([*even(), sound(99, "a", loud=0)])["silence"] == "repair"
    quiet = [Sample(f"c/{number}", np.full(800, number, np.int16), "c", rate_hz=800.0) for number in range(60)]
    assert policies([*even(), *quiet])["silence"] == "warn"


def test_copies_within_a_split_are_warned_of() -> None:
    samples = even()
    copy = Sample("a/copy", samples[0].x, "a", rate_hz=800.0)
    assert policies([*samples, copy])["duplicates"] == "warn"


def test_copies_across_splits_are_left_out() -> None:
    samples = [Sample(one.id, one.x, one.label, group=one.id, rate_hz=800.0) for one in even()]
    copies = [Sample(f"a/copy{number}", samples[0].x, "a", group=f"g{number}", rate_hz=800.0) for number in range(20)]
    assert policies([*samples, *copies])["duplicates"] == "repair"


def test_a_class_of_one_in_a_hundred_is_warned_of() -> None:
    assert policies([*even(), sound(0, "rare")])["balance"] == "warn"


@pytest.mark.parametrize(("standing", "irregular", "check"), [(1, 0, "clock"), (0, 2, "sampling"), (0, 1, None)])
def test_a_clock_that_stands_or_jumps_is_warned_of(standing: int, irregular: int, check: str | None) -> None:
    account = Account(clocks=[ClockRecord("a", 101, 0.01, standing, 0, irregular, 0.5)])
    assert set(policies(even(), account)) == ({check} if check else set())
