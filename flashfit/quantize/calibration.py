"""The training samples that set the int8 ranges."""

import numpy as np
from numpy.typing import NDArray

from flashfit.data.features import Features


def calibration_inputs(train: Features, count: int, seed: int) -> NDArray[np.float32]:
    """At most `count` training inputs, drawn without replacement: the same for the same seed. (n, …) float32."""
    chosen = np.random.default_rng(seed).permutation(len(train))[:count]
    return np.asarray(train.x[np.sort(chosen)])
