"""Answers a second: TFLM, which ships, beside LiteRT as people score by default, both as `flashfit score` has them."""

import time
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from numpy.typing import NDArray

from flashfit.data.features import load_features
from flashfit.tflite.samples import open_samples
from flashfit.tflite.scoring import score
from tasks.paths import Paths

_WINDOWS = 1_000


def main() -> None:
    """Print both for a network of keyword spotting's shape, and for digits on nano33ble after `make run`."""
    chance = np.random.default_rng(0)
    windows = chance.integers(-128, 128, (_WINDOWS, 49, 10), np.int8)
    _print("keyword spotting's DS-CNN, untrained", _keyword_spotter(), windows, chance.integers(0, 12, _WINDOWS))
    paths = Paths(Path.cwd())
    files = paths.of_build("digits", "nano33ble")
    if not files.tflite.is_file():
        print("scoring: no model of digits yet; next: make run")
        return
    test = load_features(paths.of_product("digits").features("test"))
    _print("digits.nano33ble", files.tflite.read_bytes(), test.x, test.y)


def _print(name: str, tflite: bytes, x: NDArray[np.generic], y: NDArray[np.generic]) -> None:
    with TemporaryDirectory() as scratch:
        file = Path(scratch) / "samples.npz"
        np.savez(file, x=x, y=y)
        start_s = time.perf_counter()
        scored = score(tflite, open_samples(file))
        took_s = time.perf_counter() - start_s
    speed = scored.samples_per_s
    print(
        f"scoring {name}: {scored.n:,} samples in {took_s:.1f} s, processes included; answers a second of a processor: "
        f"TFLM {speed['tflm']:,.0f}, LiteRT {speed['litert']:,.0f}: {speed['litert'] / speed['tflm']:.1f} ×; "
        f"{scored.flips:,} answers differ"
    )


def _keyword_spotter() -> bytes:
    """int8, 49 × 10 in, 12 words out, 2.7 M MACs: as MLPerf Tiny's, which cannot be part of this repository."""
    from flashfit.models.spec import Classes, Conv, GlobalAverage, Separable, Spec
    from tests.converted import convert_as_trained

    separable = (Separable(filters=64, kernel=3),) * 4
    layers = (Conv(filters=64, kernel=(10, 4), stride=2), *separable, GlobalAverage())
    spec = Spec(family="separable", input_shape=(49, 10, 1), head=Classes(count=12), layers=layers)
    return convert_as_trained(spec, seed=0).tflite


if __name__ == "__main__":
    main()
