"""What a trial is judged on: the validation split alone, or parts of all samples that do not test, left out in turn."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from sklearn.model_selection import GroupKFold, StratifiedGroupKFold

from flashfit.data.features import Features, joined, original_id
from flashfit.params import Task


@dataclass(frozen=True)
class Fold:
    """One part to be judged on, and what is learnt from before: all other samples, and their varied copies."""

    train: Features
    augmented: Features
    validation: Features


def folds_of(task: Task, whole: Fold, count: int, seed: int) -> Iterator[Fold]:
    """The split as it is for a count of 1. Else training and validation together, in so many parts of whole groups.

    The parts are alike in size and, for classes, in their shares (sklearn's GroupKFold and StratifiedGroupKFold).
    Only samples that prepare varied have copies, so those of the validation split stand for themselves. There must
    be at least count groups.
    """
    if count == 1:
        yield whole
        return
    pool = joined(whole.train, whole.validation)
    kind = GroupKFold if task == "regression" else StratifiedGroupKFold
    parts = kind(n_splits=count, shuffle=True, random_state=seed).split(pool.x, pool.y, pool.groups)
    originals = np.array([original_id(name) for name in whole.augmented.ids], dtype=np.str_)
    for learnt, left_out in parts:
        copies = whole.augmented.at(np.isin(originals, pool.ids[learnt]))
        yield Fold(pool.at(learnt), copies, pool.at(left_out))
