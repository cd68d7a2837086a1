"""A product's winner trained anew for each group left out: python -m benchmarks.leave_one_group_out PRODUCT TARGET

With few groups (six speakers), one split says little. Each group in turn is the test, all others are learnt
from; the architecture is the one that the search chose, which had seen the main split's validation group.
Front end and varied copies are made anew from each fold's training samples. A tenth of those is held back to
choose the epoch by.
"""

import sys
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pandas as pd

from benchmarks.measured import Kept, in_two_processes, int8_and_float, measured_once, winner_of
from flashfit.data.features import AUGMENTED, SPLITS, Features, load_features
from flashfit.data.table import load_table
from tasks.paths import Paths
from tasks.prepare import Validated, save_features
from tasks.stage import read_params

_HELD_BACK = 10


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
    groups = sorted(set(load_table(paths.of_product(product).table)["group"]))
    cases = [(paths.root, product, target, group) for group in groups]
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


def _fold(root: Path, product: str, target: str, group: str) -> dict[str, float]:
    from flashfit.training.fit import fit, make_deterministic

    paths = Paths(root)
    params = read_params(paths)
    make_deterministic(params.seed)
    candidate = winner_of(paths, product, target).candidate
    with TemporaryDirectory() as scratch:
        parts = _parts(paths, product, group, Path(scratch))
        return int8_and_float(
            params.product(product), parts, params.seed, lambda lesson: fit(candidate.spec, candidate.recipe, lesson)
        )


def _parts(paths: Paths, product: str, group: str, scratch: Path) -> dict[str, Features]:
    """The product's samples, split anew and prepared like a build's."""
    params, files = read_params(paths), Paths(scratch).of_product(product)
    raw = paths.of_product(product)
    validated = Validated(raw.samples, _split_anew(load_table(raw.table), group))
    save_features(validated, params.product(product), params.seed, files)
    return {name: load_features(files.features(name)) for name in (*SPLITS, AUGMENTED)}


def _split_anew(table: pd.DataFrame, group: str) -> pd.DataFrame:
    """That group tests; of the others every tenth sample says when to stop, and the rest is learnt from."""
    is_tenth = np.arange(len(table)) % _HELD_BACK == 0
    split = np.where(table["group"] == group, "test", np.where(is_tenth, "validation", "train"))
    return table.assign(split=split)


if __name__ == "__main__":
    main(*sys.argv[1:3])
