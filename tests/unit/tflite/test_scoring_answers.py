"""What counts as an answer, and how answers differ."""

import numpy as np
import pytest
from numpy.typing import NDArray

from flashfit.runtime.tensor import Tensor
from flashfit.tflite.divergence import Difference, Divergence, answers, differences, joined
from flashfit.tflite.runtimes import Answered, Runtime

CLASSES = Tensor((1, 3), "int8", 0.25, 0)


def said(tflm: list[list[int]], litert: list[list[int]], reference: list[list[int]], dtype: str = "int8"):
    blocks = (np.array(rows).astype(dtype) for rows in (tflm, litert, reference))
    return dict(zip(("tflm", "litert", "litert_reference"), (Answered(block, 1.0) for block in blocks), strict=True))


def compared(answered: dict[Runtime, Answered], output: Tensor) -> tuple[Difference, ...]:
    return differences(answered, output, {name: answers(each.outputs, output) for name, each in answered.items()})


@pytest.mark.parametrize(("outputs", "answer"), [([1, 5, 2], 1), ([-128, -128, -128], 0), ([0, 7, 7], 1)])
def test_the_answer_is_the_largest_output_and_the_first_of_equal_ones(outputs: list[int], answer: int) -> None:
    assert answers(np.array([outputs], np.int8), CLASSES).tolist() == [answer]


@pytest.mark.parametrize(("output", "answer"), [(-128, 0), (-1, 0), (0, 1), (127, 1)])
def test_one_output_is_the_second_class_from_a_half_on(output: int, answer: int) -> None:
    sigmoid = Tensor((1, 1), "int8", 1 / 256, -128)
    assert answers(np.array([[output]], np.int8), sigmoid).tolist() == [answer]


def test_outputs_in_a_row_of_a_plane_are_classes_too() -> None:
    outputs: NDArray[np.int8] = np.array([1, 9, 3], np.int8).reshape(1, 1, 1, 3)
    assert answers(outputs, Tensor((1, 1, 1, 3), "int8", 1.0, 0)).tolist() == [1]


def test_differences_are_flips_exact_samples_and_the_largest_step() -> None:
    tflm, litert = [[0, 1, 2], [5, 0, 0]], [[3, 1, 2], [5, 0, 0]]
    first, second, third = compared(said(tflm, litert, tflm), CLASSES)
    assert (first.flips, first.exact, first.max_lsb, first.max_difference) == (1, 1, 3, 0.75)
    assert (second.flips, second.exact, second.max_lsb, second.max_difference) == (0, 2, 0, 0.0)
    assert (third.one, third.other, third.flips) == ("litert", "litert_reference", 1)


def test_the_largest_step_does_not_overflow() -> None:
    first, *_ = compared(said([[-128, 0, 0]], [[127, 0, 0]], [[0, 0, 0]]), CLASSES)
    assert first.max_lsb == 255


def test_floats_have_no_steps() -> None:
    rows = [[0.5, 0.25, 0.25]], [[0.5, 0.25, 0.125]], [[0.5, 0.25, 0.25]]
    first, *_ = compared(said(*rows, dtype="float32"), Tensor((1, 3), "float32", 1.0, 0))
    assert (first.max_lsb, first.max_difference) == (None, 0.125)
    assert first.in_words() == "TFLM and LiteRT: 0 of 1 answers flipped, 0.0 % bit-exact, 0.12 at most"


def test_blocks_join_to_what_they_are_together() -> None:
    tflm, litert = [[0, 1, 2], [5, 0, 0], [9, 0, 0]], [[3, 1, 2], [5, 0, 0], [2, 3, 0]]
    whole = compared(said(tflm, litert, tflm), CLASSES)
    parts = [compared(said(tflm[part], litert[part], tflm[part]), CLASSES) for part in (slice(1), slice(1, 3))]
    assert joined(joined((), parts[0]), parts[1]) == whole


def test_divergence_is_one_paragraph_that_begins_with_what_ships() -> None:
    pairs = compared(said([[0, 1, 2]], [[3, 1, 2]], [[0, 1, 2]]), CLASSES)
    words = Divergence(n=1, pairs=pairs).in_words()
    assert words.startswith("TFLM and LiteRT: 1 of 1 answers flipped, 0.0 % bit-exact, 3 LSB at most; TFLM and")
    assert "\n" not in words


def test_a_model_that_decides_nothing_flips_nothing() -> None:
    blocks = said([[0, 1, 2]], [[3, 1, 2]], [[0, 1, 2]])
    first, *_ = joined(differences(blocks, CLASSES, None), differences(blocks, CLASSES, None))
    assert (first.flips, first.n, first.exact, first.max_lsb) == (None, 2, 0, 3)
    assert first.in_words() == "TFLM and LiteRT: 2 answers, 0.0 % bit-exact, 3 LSB at most"
