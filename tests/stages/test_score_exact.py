"""The quick ways of scoring on TFLM answer bit for bit as the slow one does: no reset, several processes, blocks."""

import numpy as np
import pytest

from flashfit.models.spec import (
    Classes,
    Conv,
    Dense,
    Flatten,
    GlobalAverage,
    Pool,
    Recurrent,
    Residual,
    Separable,
    Spec,
)
from flashfit.runtime.operators import operator_names
from flashfit.runtime.tensor import quantized
from flashfit.runtime.tflm import run_tflm
from flashfit.tflite.answering import answering
from flashfit.tflite.answering_child import tflm_answer
from flashfit.tflite.interface import STATELESS, read_interface
from tests.converted import convert_as_trained

BODIES = {
    "residual": (Residual(filters=8, kernel=3, stride=2), Pool(of="max", size=2), Flatten()),
    "separable": (Separable(filters=8, kernel=3), Pool(of="average", size=2), GlobalAverage(), Dense(units=8)),
    "dilated": (Conv(filters=6, kernel=3), Conv(filters=6, kernel=3, dilation=2), GlobalAverage()),
}
SHAPE = (12, 12, 1)


def converted(family: str, layers: tuple, shape: tuple[int, int, int] = SHAPE) -> bytes:
    spec = Spec(family=family, input_shape=shape, head=Classes(count=5), layers=layers)
    return convert_as_trained(spec, seed=len(family)).tflite


def samples(n: int = 300, shape: tuple[int, int, int] = SHAPE) -> np.ndarray:
    return np.random.default_rng(1).normal(0, 1, (n, *shape)).astype(np.float32)


def with_and_without_reset(tflite: bytes, x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    fed = quantized(x, read_interface(tflite).input)
    both = []
    for resets in (True, False):
        answer = tflm_answer(tflite, resets)
        both.append(np.concatenate([answer(sample[None]) for sample in fed]))
    return both[0], both[1]


@pytest.fixture(scope="module")
def models() -> dict[str, bytes]:
    return {family: converted(family, layers) for family, layers in BODIES.items()}


def test_without_a_reset_models_of_stateless_operators_answer_the_same(models: dict[str, bytes]) -> None:
    for tflite in models.values():
        assert read_interface(tflite).stateless
        resetting, going_on = with_and_without_reset(tflite, samples())
        assert np.array_equal(resetting, going_on)
        assert len(np.unique(resetting, axis=0)) > 50


def test_the_list_of_stateless_operators_is_what_is_proven_here(models: dict[str, bytes]) -> None:
    assert {name for tflite in models.values() for name in operator_names(tflite)} == STATELESS


def test_a_recurrent_network_needs_its_reset_and_gets_it() -> None:
    shape = (16, 1, 4)
    tflite = converted("recurrent", (Recurrent(cell="lstm", units=8),), shape)
    resetting, going_on = with_and_without_reset(tflite, samples(50, shape))
    assert not np.array_equal(resetting, going_on)
    assert not read_interface(tflite).stateless
    with answering(tflite) as runtimes:
        fed = quantized(samples(50, shape), runtimes.interface.input)
        forwards, backwards = runtimes.answer(fed), runtimes.answer(fed[::-1])
    assert np.array_equal(forwards["tflm"].outputs, resetting)
    for runtime, answered in forwards.items():
        assert np.array_equal(answered.outputs, backwards[runtime].outputs[::-1]), runtime


def test_several_processes_and_blocks_answer_as_the_line_does(models: dict[str, bytes]) -> None:
    x = samples()
    for tflite in models.values():
        expected = run_tflm(tflite, x)
        with answering(tflite, tflm_processes=3) as runtimes:
            assert (runtimes.interface.input, runtimes.interface.output) == (expected.input, expected.output)
            fed = quantized(x, runtimes.interface.input)
            blocks = [runtimes.answer(block)["tflm"].outputs for block in (fed[:256], fed[256:258], fed[258:])]
        assert np.array_equal(np.concatenate(blocks), expected.outputs)
