"""What befell the data, in lines."""

from flashfit.data.samples import Account, ClockRecord
from flashfit.gates.notes import notes_of


def test_a_clean_account_has_nothing_to_tell() -> None:
    assert notes_of(Account(clocks=[ClockRecord("a", 9, 1.0, 0, 0, 3, 5.0)])) == ()


def test_skipped_files_are_counted_and_named_with_their_reason() -> None:
    assert notes_of(Account(skipped={"b.wav": "empty", "a.wav": "truncated"})) == (
        "2 files skipped: a.wav (truncated); b.wav (empty)",
    )


def test_of_many_skipped_files_ten_are_named() -> None:
    (line,) = notes_of(Account(skipped={f"{index:04}.wav": "empty" for index in range(1500)}))
    assert line.startswith("1,500 files skipped: 0000.wav (empty); ")
    assert line.endswith("0009.wav (empty); and 1,490 more")


def test_repairs_and_clocks_are_told_with_their_counts() -> None:
    account = Account(clocks=[ClockRecord("a", 9, 1.0, 2, 1, 0, 5.0), ClockRecord("b", 9, 1.0, 0, 0, 0, 1.0)])
    account.repaired("rows put in order", 12)
    assert notes_of(account) == (
        "repaired: rows put in order (12)",
        "clocks that stood still or stepped back: 3 times in 1 of 2 series",
    )
