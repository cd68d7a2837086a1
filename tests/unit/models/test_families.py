"""The contract of every family: whatever the chooser says, a spec comes out that the board could run."""

import pytest

from flashfit.models.families import FAMILIES, suggest
from flashfit.models.operators import plan
from flashfit.models.spec import Spec
from tests.dice import Dice


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize("shape", [(8, 8, 1), (28, 28, 1), (49, 10, 1), (32, 32, 3)])
def test_any_choice_gives_a_spec_whose_operators_all_have_outputs(family: str, shape: tuple[int, int, int]) -> None:
    for seed in range(50):
        spec = suggest(family, Dice(seed), shape, classes=10, dropout=0.1)
        assert all(operator.output_count > 0 for operator in plan(spec))


@pytest.mark.parametrize("family", FAMILIES)
def test_the_same_choices_give_the_same_spec(family: str) -> None:
    first, second = (suggest(family, Dice(3), (8, 8, 1), classes=10, dropout=0.1) for _ in range(2))
    assert first == second


@pytest.mark.parametrize("family", FAMILIES)
def test_a_spec_survives_its_file(family: str) -> None:
    spec = suggest(family, Dice(5), (8, 8, 1), classes=10, dropout=0.2)
    assert Spec.model_validate_json(spec.model_dump_json()) == spec
