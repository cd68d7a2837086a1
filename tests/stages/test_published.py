"""flashfit inspect and score: models that others published are answered like our own."""

from pathlib import Path

import numpy as np
import pytest

from benchmarks.published import FETCH, folder, published
from flashfit.tflite.answering_child import load
from flashfit.tflite.inspection import inspect
from flashfit.tflite.runtimes import RUNTIMES
from flashfit.tflite.samples import open_samples
from flashfit.tflite.scoring import score
from tasks.paths import Paths

MODELS = published(folder(Paths(Path(__file__).parents[2])))
WAKE_WORDS = ("alexa", "hey_jarvis", "hey_mycroft", "okay_nabu")
pytestmark = pytest.mark.skipif(not MODELS, reason=f"no published models here; next: {FETCH}")


def chance(shape: tuple[int, ...]) -> np.ndarray:
    return np.random.default_rng(0).integers(-128, 128, shape, np.int8)


@pytest.mark.parametrize(
    ("name", "flash", "head", "tail", "macs"),
    [
        ("data/image_classification", 98_496, 49_152, 6_832, 12_501_632),
        ("tinyml/keyword_spotting", 53_736, 16_000, 8_448, 2_656_768),
        ("tinyml/visual_wake_words", 334_152, 138_240, 30_128, 7_489_664),
        ("tinyml/anomaly_detection", 280_280, 3_200, 4_192, 264_192),
        ("tflite_micro/tflite_micro_speech", 21_616, 8_000, 1_616, 336_000),
    ],
)
def test_a_benchmarks_network_takes_what_it_is_known_to_take(
    name: str, flash: int, head: int, tail: int, macs: int
) -> None:
    found = inspect(MODELS[name], [], name)
    assert (found.flash_bytes, found.arena_head_bytes, found.arena_tail_bytes, found.macs) == (flash, head, tail, macs)
    assert found.missing_operators == [] and found.reason is None


@pytest.mark.parametrize("word", WAKE_WORDS)
def test_a_streaming_wake_word_runs_with_its_state_in_variables(word: str) -> None:
    found = inspect(MODELS[f"models/{word}"], [], word)
    assert found.reason is None and found.missing_operators == []
    assert {"VAR_HANDLE", "READ_VARIABLE", "ASSIGN_VARIABLE"} <= {row.name for row in found.operators}


@pytest.mark.parametrize("runtime", RUNTIMES)
def test_a_streaming_model_answers_every_sample_as_its_first(runtime: str) -> None:
    tflite = MODELS["models/hey_mycroft"]  # whose answer to a second sample would be another
    x = np.repeat(chance((2, 1, 3, 40)), 3, axis=0)
    answer = load(tflite, runtime)[1]
    first = [int(load(tflite, runtime)[1](sample).item()) for sample in x]
    assert [int(answer(sample).item()) for sample in x] == first


def test_a_network_that_litert_answers_otherwise_is_seen_to_be_one(tmp_path: Path) -> None:
    np.savez(tmp_path / "chance.npz", x=chance((300, 32, 32, 3)), y=np.zeros(300, np.int64))
    found = score(MODELS["data/image_classification"], open_samples(tmp_path / "chance.npz"))
    assert found.flips > 0 and found.max_lsb is not None and found.max_lsb > 10
