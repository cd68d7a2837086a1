"""How far the samples have moved since the version last accepted."""

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.stats import ks_2samp

from flashfit.data.validation import Drift

DRIFTING = ("min", "max", "mean", "std", "duration_s", "target")
"""Columns of the table of samples that are compared."""

_BINS = 10


def drifts(table: pd.DataFrame, accepted: pd.DataFrame) -> list[Drift]:
    """Every statistic that both tables have values of, over the samples that neither leaves out."""
    found = []
    for statistic in DRIFTING:
        now, then = _values(table, statistic), _values(accepted, statistic)
        if now.size and then.size:
            ks = float(ks_2samp(then, now, method="asymp").statistic)
            found.append(Drift(statistic, population_stability(then, now), ks))
    return found


def population_stability(then: NDArray[np.float64], now: NDArray[np.float64]) -> float:
    """Population stability index: sum of (q - p) ln(q / p) over bins that hold p and q of then and now.

    The bins are the tenths of `then`; a value that fills several tenths has a bin of its own, so that what
    was always the same is compared, too. Half a sample is added to each bin, so that none is empty.
    """
    tenths = np.quantile(then, np.arange(1, _BINS) / _BINS)
    edges, repeats = np.unique(tenths, return_counts=True)
    edges = np.unique(np.concatenate([edges, np.nextafter(edges[repeats > 1], np.inf)]))
    p, q = (_shares(np.searchsorted(edges, values, side="right"), len(edges) + 1) for values in (then, now))
    return float(np.sum((q - p) * np.log(q / p)))


def _shares(bins: NDArray[np.intp], count: int) -> NDArray[np.float64]:
    counts = np.bincount(bins, minlength=count) + 0.5
    return np.asarray(counts / counts.sum(), np.float64)


def _values(table: pd.DataFrame, statistic: str) -> NDArray[np.float64]:
    values: NDArray[np.float64] = table.loc[table["left_out"] == "", statistic].to_numpy(np.float64)
    return values[np.isfinite(values)]
