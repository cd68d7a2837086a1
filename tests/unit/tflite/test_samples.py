"""Samples against what a model takes."""

import numpy as np
import pytest
from numpy.typing import NDArray

from flashfit.errors import DataError
from flashfit.runtime.tensor import Tensor, quantized, real_values
from flashfit.tflite.interface import Interface
from flashfit.tflite.samples import block_rows, check_x, stored


def interface(dtype: str = "int8", shape: tuple[int, ...] = (1, 2, 3, 1), takes_floats: bool = True) -> Interface:
    return Interface(Tensor(shape, dtype, 0.5, 1), Tensor((1, 4), "int8", 1.0, 0), takes_floats, stateless=True)


INT8 = Tensor((1, 2), "int8", 0.5, 1)


@pytest.mark.parametrize(
    ("value", "expected"),
    [(0.0, 1), (0.25, 1), (0.75, 3), (1.25, 3), (-0.25, 1), (1e9, 127), (-1e9, -128), (63.0, 127), (-64.5, -128)],
)
def test_floats_are_rounded_half_to_even_then_saturated(value: float, expected: int) -> None:
    assert quantized(np.array([value], np.float32), INT8).tolist() == [expected]


def test_real_values_undo_quantization() -> None:
    assert real_values(np.array([1, 3, -128], np.int8), INT8).tolist() == [0.0, 1.0, -64.5]


@pytest.mark.parametrize("dtype", ["int8", "float16", "float32", "float64"])
def test_floats_and_the_models_own_type_are_taken(dtype: str) -> None:
    check_x("x", (7, 2, 3, 1), np.dtype(dtype), interface())


@pytest.mark.parametrize("shape", [(7, 2, 3), (7, 2, 3, 1, 1), (7, 1, 2, 3)])
def test_axes_of_one_make_no_difference(shape: tuple[int, ...]) -> None:
    check_x("x", shape, np.dtype("int8"), interface())


@pytest.mark.parametrize("shape", [(7, 6), (7, 3, 2), (7, 2, 4), (7, 0), (7,)])
def test_samples_of_another_shape_are_refused(shape: tuple[int, ...]) -> None:
    with pytest.raises(DataError, match=r"a\.npz: x has samples of .*, and the model takes 2 × 3 × 1"):
        check_x("a.npz: x", shape, np.dtype("int8"), interface())


@pytest.mark.parametrize("dtype", ["uint8", "int16", "int64"])
def test_integers_of_another_type_are_refused(dtype: str) -> None:
    with pytest.raises(DataError, match=f"x is {dtype}; this model takes floats or int8"):
        check_x("x", (7, 2, 3), np.dtype(dtype), interface())


def test_floats_without_a_scale_to_quantize_them_are_refused() -> None:
    with pytest.raises(DataError, match="no scale"):
        check_x("x", (7, 2, 3), np.dtype("float32"), interface(takes_floats=False))


@pytest.mark.parametrize("value", [np.nan, np.inf, 1e300])
def test_a_value_that_is_no_finite_float32_is_named_with_its_place(value: float) -> None:
    x: NDArray[np.float64] = np.zeros((3, 2))
    x[1, 1] = value
    with pytest.raises(DataError, match=rf"x\[11\] holds {value}".replace("+", r"\+")):
        stored("x", x, 10, INT8)


def test_stored_numbers_stay_as_they_are_in_the_models_shape() -> None:
    x = np.arange(-6, 6, dtype=np.int8).reshape(2, 1, 6)
    fed = stored("x", x, 0, Tensor((1, 2, 3, 1), "int8", 0.5, 1))
    assert fed.shape == (2, 2, 3, 1)
    assert fed.ravel().tolist() == list(range(-6, 6))


@pytest.mark.parametrize(("row_bytes", "rows"), [(0, 256), (490, 256), (1 << 20, 8), (1 << 30, 1)])
def test_blocks_have_256_samples_or_8_mib_or_one_sample(row_bytes: int, rows: int) -> None:
    assert block_rows(row_bytes) == rows
