"""How often the gates err, by drawing test splits whose truth is known: python -m benchmarks.gate_error_rates

The tables are those of docs/gates.md. `worse passes`: a model that is worse by just the tolerance. `equal refused`: one
that is not worse at all. Each may happen in 5 % of draws, and refusals also in 5 % of those draws alone that say yes or
no, which is the last column. The rest of an equal model's draws is NOT ENOUGH EVIDENCE. Takes a quarter of an
hour of one core.
"""

import time
from collections.abc import Callable, Iterator
from functools import cache

import numpy as np
from numpy.typing import NDArray
from scipy.stats import norm

from flashfit.gates.answers import Answers
from flashfit.gates.estimate import Drop
from flashfit.gates.evidence import LEVEL, REFUSAL, chance_of, holm
from flashfit.gates.intervals import proportion
from flashfit.gates.mcnemar import chance_below, mcnemar
from flashfit.gates.pair import Pair
from flashfit.gates.paired import drop_of
from flashfit.gates.resampling import samples
from flashfit.params import Metric, Task

_HEAD = """| {} | tolerance | answers changed | worse passes | equal refused | equal passes | refused of decided |
|---|---|---|---|---|---|---|"""
_DRAWS = 10_000
_FEWER = 1_000
"""Of splits that are bootstrapped, each 1,000 times."""


def main() -> None:
    """Print a table for samples that stand alone, one for groups and other metrics, and the floors' rates."""
    start_s = time.perf_counter()
    print_alone()
    print_drawn()
    print_floors()
    print(f"\n{time.perf_counter() - start_s:.0f} s")


def print_alone() -> None:
    """Accuracy by the size of the split, the tolerance and how many answers change."""
    print(f"{_DRAWS:,} draws of each row\n\n{_HEAD.format('samples')}")
    for n, tolerance, changed in _alone():
        print(_row(f"{n:,}", tolerance, changed, _rates_alone(n, tolerance, changed)), flush=True)


def print_drawn() -> None:
    """Samples in groups whose answers are alike, and metrics that are bootstrapped."""
    print(f"\n{_FEWER:,} draws of each row\n\n{_HEAD.format('samples, metric')}")
    for name, task, metric, shape, alike in _drawn():
        print(_row(name, _TOLERANCE, _CHANGED, _rates_drawn(task, metric, shape, alike)), flush=True)


def print_floors() -> None:
    """Floors of several classes at once, with evidence: interval."""
    for classes, each in ((2, 200), (10, 37), (20, 100)):
        rate = _classes_refused(classes, each)
        print(
            f"\n{classes} classes of {each} samples, all just at a floor of 88 %: {100 * rate:.1f} % of draws refused"
        )


def _row(name: str, tolerance: float, changed: float, rates: tuple[float, float, float]) -> str:
    _, refused, passes = rates
    of_decided = refused / (refused + passes) if refused else 0.0
    shares = (f"{100 * rate:.1f} %" for rate in (*rates, of_decided))
    cells = [name, f"{100 * tolerance:g} points", f"{100 * changed:g} %", *shares]
    return f"| {' | '.join(cells)} |"


def _alone() -> Iterator[tuple[int, float, float]]:
    for n in (25, 100, 372, 1_000, 2_000):
        for tolerance, changed in ((0.01, 0.012), (0.02, 0.022), (0.02, 0.05), (0.05, 0.1)):
            yield n, tolerance, changed


def _rates_alone(n: int, tolerance: float, changed: float) -> tuple[float, float, float]:
    worse, counts = _tables(n, changed, tolerance)
    equal, equal_counts = _tables(n, changed, 0.0)
    passes = np.array([_passes(*table, n, tolerance) for table in equal.tolist()])
    refused = np.array([_refused(*table, n, tolerance) for table in equal.tolist()]) & ~passes
    worse_passes = np.array([_passes(*table, n, tolerance) for table in worse.tolist()])
    return _share(worse_passes, counts), _share(refused, equal_counts), _share(passes, equal_counts)


def _tables(n: int, changed: float, drop: float) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Lost and gained answers, (tables, 2), and how often each pair was drawn."""
    chances = [(changed + drop) / 2, (changed - drop) / 2, 1 - changed]
    drawn = np.random.default_rng(0).multinomial(n, chances, _DRAWS)[:, :2]
    tables, counts = np.unique(drawn, axis=0, return_counts=True)
    return tables, counts


def _share(hit: NDArray[np.bool_], counts: NDArray[np.int64]) -> float:
    return float(counts[hit].sum() / counts.sum())


@cache
def _passes(lost: int, gained: int, n: int, tolerance: float) -> bool:
    return chance_below(lost, gained, n, tolerance) <= LEVEL


@cache
def _refused(lost: int, gained: int, n: int, tolerance: float) -> bool:
    return (lost - gained) / n > tolerance and mcnemar(lost, gained) <= REFUSAL * LEVEL


_TOLERANCE, _CHANGED = 0.05, 0.1
_Shape = tuple[int, int]
"""Groups, and samples of each."""


def _drawn() -> Iterator[tuple[str, Task, Metric, _Shape, float]]:
    yield "30 groups of 13, accuracy", "classification", "accuracy", (30, 13), 0.0
    yield "30 groups of 13 alike by 0.1, accuracy", "classification", "accuracy", (30, 13), 0.1
    yield "10 groups of 40 alike by 0.1, accuracy", "classification", "accuracy", (10, 40), 0.1
    yield "60 groups of 20 alike by 0.1, accuracy", "classification", "accuracy", (60, 20), 0.1
    yield "400, macro-F1 of 4 classes", "classification", "macro_f1", (400, 1), 0.0
    yield "400, F1", "classification", "f1", (400, 1), 0.0
    yield "400, AUC", "anomaly", "auc", (400, 1), 0.0
    yield "20 groups of 40 alike by 0.1, AUC by group", "anomaly", "auc_by_group", (20, 40), 0.1
    yield "400, MAE of normal errors", "regression", "mae", (400, 1), 0.0
    yield "60 groups of 10 alike by 0.1, MAE", "regression", "mae", (60, 10), 0.1


def _rates_drawn(task: Task, metric: Metric, shape: _Shape, alike: float) -> tuple[float, float, float]:
    rng = np.random.default_rng(0)
    make = _MAKERS[task]
    worse, equal = (
        [drop_of(metric, make(rng, metric, shape, alike, drop), _TOLERANCE) for _ in range(_FEWER)]
        for drop in (_TOLERANCE, 0.0)
    )
    passes = [drop.high <= _TOLERANCE for drop in equal]
    refused = [not passed and _is_refused(drop) for passed, drop in zip(passes, equal, strict=True)]
    return float(np.mean([drop.high <= _TOLERANCE for drop in worse])), float(np.mean(refused)), float(np.mean(passes))


def _is_refused(drop: Drop) -> bool:
    return drop.value > _TOLERANCE and drop.low > 0 and drop.p <= REFUSAL * LEVEL


def _answers(rng: np.random.Generator, metric: Metric, shape: _Shape, alike: float, drop: float) -> Pair:
    """Two models, each right on 85 to 95 %, of which one loses and gains answers."""
    groups, each = shape
    right, lost, gained = 0.85, (_CHANGED + drop) / 2, (_CHANGED - drop) / 2
    kinds = _kinds(rng, shape, alike, (right - lost, lost, gained, 1 - right - gained))
    classes = 4 if metric == "macro_f1" else 2
    truth = rng.integers(0, classes, groups * each)
    wrong = (truth + 1) % classes
    before, after = np.where(kinds <= 1, truth, wrong), np.where((kinds == 0) | (kinds == 2), truth, wrong)
    return Pair("classification", truth, Answers(before), Answers(after), _names(shape), classes)


def _kinds(rng: np.random.Generator, shape: _Shape, alike: float, shares: tuple[float, ...]) -> NDArray[np.int64]:
    """Of each sample one of the kinds with these shares; alike: the correlation inside a group."""
    groups, each = shape
    if alike == 0:
        return rng.choice(len(shares), groups * each, p=shares)
    own = rng.dirichlet(np.array(shares) * (1 / alike - 1), groups)
    return (rng.random((groups, each, 1)) > np.cumsum(own, axis=1)[:, None, :-1]).sum(axis=2).ravel()


def _errors(rng: np.random.Generator, metric: Metric, shape: _Shape, alike: float, drop: float) -> Pair:
    """Two regressions with errors around a size that groups share; the mean of the second's is larger by drop."""
    groups, each = shape
    size = np.repeat(rng.gamma(1 / alike, alike, groups), each) if alike else 1.0
    error, apart = rng.normal(size=(2, groups * each))
    truth = rng.normal(0, 2, groups * each).astype(np.float32)
    larger = (1 + drop * np.sqrt(np.pi / 2)) * (0.98 * error + np.sqrt(1 - 0.98**2) * apart)
    before, after = (Answers((truth + size * each_error).astype(np.float32)) for each_error in (error, larger))
    return Pair("regression", truth, before, after, _names(shape))


_AUC = 0.85


def _ranks(rng: np.random.Generator, _metric: Metric, shape: _Shape, alike: float, drop: float) -> Pair:
    """Two anomaly models whose scores are normal for either label, nearly the same, and further apart in some groups.

    alike: the variance of that distance between groups, in scores' own; the second model's varies by a tenth more.
    Then the mean AUC is Φ(distance / √(2 + variance)).
    """
    groups, each = shape
    truth = np.arange(groups * each) % 2
    own, change = (np.repeat(rng.normal(0, np.sqrt(part), groups), each) for part in (alike, alike / 10))
    noise, apart = rng.normal(size=(2, groups * each))
    before = noise + truth * (norm.ppf(_AUC) * np.sqrt(2 + alike) + own)
    after = 0.98 * noise + np.sqrt(1 - 0.98**2) * apart
    after += truth * (norm.ppf(_AUC - drop) * np.sqrt(2 + 1.1 * alike) + own + change)
    return Pair("anomaly", truth, _judged(before), _judged(after), _names(shape))


def _judged(scores: NDArray[np.float64]) -> Answers:
    return Answers((scores > 1).astype(np.int64), scores.astype(np.float32), 1.0)


_MAKERS: dict[Task, Callable[[np.random.Generator, Metric, _Shape, float, float], Pair]] = {
    "anomaly": _ranks,
    "classification": _answers,
    "regression": _errors,
}


def _names(shape: _Shape) -> NDArray[np.str_]:
    return np.repeat(np.arange(shape[0]), shape[1]).astype(str)


def _classes_refused(classes: int, each: int) -> float:
    """How often some class is refused of a model whose classes all are as good as their floor."""
    right = np.random.default_rng(0).binomial(each, 0.88, (_DRAWS, classes))
    chance = np.array([_chance(count, each) for count in range(each + 1)])
    return float(np.mean([any(holm(row, REFUSAL * LEVEL)) for row in chance[right].tolist()]))


def _chance(right: int, n: int) -> float:
    estimate = proportion(np.arange(n) < right, samples(n))
    return chance_of(estimate.value, estimate.high, 0.88) if estimate.value < 0.88 else 1.0


if __name__ == "__main__":
    main()
