"""Parts of what does not test, each left out in turn."""

import numpy as np
import pytest

from flashfit.data.features import Features
from flashfit.search.folds import Fold, folds_of

_COPIES = 2


def features(names: list[str], groups: list[str], kinds: list[int]) -> Features:
    x = np.arange(len(names), dtype=np.float32).reshape(-1, 1, 1, 1)
    return Features(x, np.array(kinds, dtype=np.int64), np.array(names), np.array(groups))


@pytest.fixture
def whole() -> Fold:
    """Eight people of six samples each, two of them in validation; two copies of each of training's."""
    people = [f"p{number // 6}" for number in range(48)]
    names = [f"{person}+{number}" for number, person in enumerate(people)]  # a name may hold a plus itself
    kinds = [number % 3 for number in range(48)]
    train = features(names[:36], people[:36], kinds[:36])
    copies = [f"{name}+{copy}" for name in names[:36] for copy in range(1, _COPIES + 1)]
    augmented = features(copies, list(np.repeat(people[:36], _COPIES)), list(np.repeat(kinds[:36], _COPIES)))
    return Fold(train, augmented, features(names[36:], people[36:], kinds[36:]))


def test_one_fold_is_the_split_itself(whole: Fold) -> None:
    assert list(folds_of("classification", whole, 1, seed=0)) == [whole]


@pytest.mark.parametrize("task", ["classification", "regression"])
def test_every_sample_is_left_out_once_and_no_group_is_on_both_sides(whole: Fold, task: str) -> None:
    folds = list(folds_of(task, whole, 4, seed=0))  # type: ignore[arg-type]
    left_out = sorted(name for fold in folds for name in fold.validation.ids)
    assert left_out == sorted([*whole.train.ids, *whole.validation.ids])
    for fold in folds:
        assert len(fold.train) + len(fold.validation) == 48
        assert not set(fold.train.groups) & set(fold.validation.groups)


def test_only_copies_of_what_is_learnt_from_are_learnt_from(whole: Fold) -> None:
    for fold in folds_of("classification", whole, 4, seed=0):
        varied = [name for name in fold.train.ids if name in set(whole.train.ids)]
        assert sorted(fold.augmented.ids) == sorted(f"{name}+{copy}" for name in varied for copy in (1, 2))


def test_the_same_seed_leaves_out_the_same(whole: Fold) -> None:
    first, second = (
        [list(fold.validation.ids) for fold in folds_of("classification", whole, 3, seed)] for seed in (1, 1)
    )
    assert first == second
