"""A footprint against a budget, to the byte."""

from flashfit.footprint import Footprint, uses
from flashfit.params import Budget

BUDGET = Budget(flash=1000, arena=500, macs=200)


def test_a_budget_just_filled_is_not_over() -> None:
    footprint = Footprint(flash_bytes=1000, arena_bytes=500, macs=200, source="measured")
    assert [use.over for use in uses(footprint, BUDGET)] == [0, 0, 0]


def test_an_overrun_is_a_share_of_the_budget() -> None:
    footprint = Footprint(flash_bytes=1500, arena_bytes=250, macs=0, source="predicted")
    assert [use.overrun for use in uses(footprint, BUDGET)] == [0.5, -0.5, -1.0]


def test_a_use_in_words_names_the_number_the_budget_and_the_gap() -> None:
    footprint = Footprint(flash_bytes=1500, arena_bytes=250, macs=250, source="measured")
    assert [str(use) for use in uses(footprint, BUDGET)] == [
        "flash 1,500 B of 1,000 B (over by 500 B)",
        "arena 250 B of 500 B (250 B left)",
        "250 MACs of 200 MACs (over by 50 MACs)",
    ]
