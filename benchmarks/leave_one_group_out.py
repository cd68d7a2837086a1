"""A product's winner trained anew for each group left out: python -m benchmarks.leave_one_group_out PRODUCT TARGET

With few groups (six speakers), one split says little. Each group in turn is the test, the next one the
validation, the rest is trained on; the architecture is the one that the search chose, which had seen the
main split's validation group. Features are standardised anew by each fold's training samples. Varied copies
are those that prepare made, of the main split's training samples alone.
"""

import sys
from pathlib import Path

import numpy as np

from benchmarks.measured import Kept, in_two_processes, int8_and_float, measured_once, winner_of
from flashfit.data.features import AUGMENTED, SPLITS, Features, load_features
from tasks.paths import Paths
from tasks.stage import read_params


class LeftOut(Kept):
    """Accuracy on TFLM by the group left out, int8 and float, and the means over groups."""

    int8: dict[str, float]
    float_: dict[str, float]
    int8_mean: float
    float_mean: float


def main(product: str, target: str) -> None:
    """Print int8 and float accuracy of every fold and their means, and keep them beside the build's verdict."""
    measured_once("leave_one_group_out", LeftOut, _measure, product, target)


def _measure(paths: Paths, product: str, target: str, of: str) -> LeftOut:
    groups = sorted(set(_everything(paths, product).groups.tolist()))
    cases = [(paths.root, product, target, group, groups) for group in groups]
    int8, float_ = {}, {}
    for group, found in zip(groups, in_two_processes(_fold, cases), strict=True):
        int8[group], float_[group] = found["int8"], found["float"]
        print(f"without {group}: int8 {100 * int8[group]:.1f} %, float {100 * float_[group]:.1f} %", flush=True)
    left_out = LeftOut(
        of=of,
        product=product,
        target=target,
        int8=int8,
        float_=float_,
        int8_mean=float(np.mean(list(int8.values()))),
        float_mean=float(np.mean(list(float_.values()))),
    )
    print(f"mean of {len(groups)}: int8 {100 * left_out.int8_mean:.1f} %, float {100 * left_out.float_mean:.1f} %")
    return left_out


def _fold(root: Path, product: str, target: str, group: str, groups: list[str]) -> dict[str, float]:
    from flashfit.training.fit import fit, make_deterministic

    paths = Paths(root)
    params = read_params(paths)
    make_deterministic(params.seed)
    candidate = winner_of(paths, product, target).candidate
    parts = _parts(paths, product, group, groups[(groups.index(group) + 1) % len(groups)])
    return int8_and_float(
        params.product(product), parts, params.seed, lambda lesson: fit(candidate.spec, candidate.recipe, lesson)
    )


def _parts(paths: Paths, product: str, test: str, validation: str) -> dict[str, Features]:
    everything, copies = _everything(paths, product), load_features(paths.of_product(product).features(AUGMENTED))
    train = everything.at(~np.isin(everything.groups, (test, validation)))
    parts = {
        "train": train,
        AUGMENTED: copies.at(~np.isin(copies.groups, (test, validation))),
        "validation": everything.at(everything.groups == validation),
        "test": everything.at(everything.groups == test),
    }
    mean, deviation = train.x.mean(axis=(0, 1), keepdims=True), train.x.std(axis=(0, 1), keepdims=True) + 1e-6
    return {name: Features((part.x - mean) / deviation, part.y, part.ids, part.groups) for name, part in parts.items()}


def _everything(paths: Paths, product: str) -> Features:
    parts = [load_features(paths.of_product(product).features(split)) for split in SPLITS]
    return Features(*(np.concatenate([getattr(part, name) for part in parts]) for name in ("x", "y", "ids", "groups")))


if __name__ == "__main__":
    main(*sys.argv[1:3])
