"""Models to damage, and ways to damage them: bits, lengths, cuts, and well-formed files that say wrong things."""

import random
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from importlib.resources import files
from multiprocessing import get_context
from typing import Any

import numpy as np
from ai_edge_litert import schema_py_generated as schema

from tests import handmade

Random = random.Random


def base_models() -> list[bytes]:
    """TFLM's own float model, some by hand, and converted ones in int8: separable, residual, LSTM, GRU."""
    sine = files("tflite_micro.python.tflite_micro").joinpath("sine_float.tflite").read_bytes()
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as converting:
        converted = converting.submit(_converted).result()  # TensorFlow's threads would not survive a fork
    return [sine, handmade.identity(), handmade.identity("float32"), handmade.endless(), *converted]


def _converted() -> list[bytes]:
    from flashfit.models.spec import Classes, Conv, GlobalAverage, Recurrent, Residual, Separable, Spec
    from tests.converted import convert_as_trained

    head, picture, sequence = Classes(count=4), (8, 8, 1), (8, 1, 4)
    separable = (Conv(filters=8, kernel=3, stride=2), Separable(filters=8, kernel=3), GlobalAverage())
    specs = [
        Spec(family="separable", input_shape=picture, head=head, layers=separable),
        Spec(
            family="residual", input_shape=picture, head=head, layers=(Residual(filters=8, kernel=3), GlobalAverage())
        ),
        Spec(family="recurrent", input_shape=sequence, head=head, layers=(Recurrent(cell="lstm", units=4),)),
        Spec(family="recurrent", input_shape=sequence, head=head, layers=(Recurrent(cell="gru", units=4),)),
    ]
    return [convert_as_trained(spec, seed).tflite for seed, spec in enumerate(specs)]


def mutate(generator: Random, models: Sequence[bytes]) -> bytes:
    """One of the models, changed in one to three ways."""
    model = bytearray(generator.choice(models))
    for _ in range(generator.randint(1, 3)):
        model = generator.choice(_WAYS)(generator, model, models)
    return bytes(model)


def _flip_bits(generator: Random, model: bytearray, models: Sequence[bytes]) -> bytearray:
    for _ in range(generator.choice((1, 1, 2, 8, 64))):
        if model:
            model[generator.randrange(len(model))] ^= 1 << generator.randrange(8)
    return model


def _cut(generator: Random, model: bytearray, models: Sequence[bytes]) -> bytearray:
    return model[: generator.randrange(len(model) + 1)]


def _lie(generator: Random, model: bytearray, models: Sequence[bytes]) -> bytearray:
    """Change words that may be lengths or offsets: small numbers at places divisible by four."""
    words = np.frombuffer(bytes(model[: len(model) // 4 * 4]), "<u4")
    places = np.flatnonzero((words > 0) & (words < max(64, len(model))))
    if not len(places):
        return model
    for _ in range(generator.choice((1, 1, 2, 4))):
        place = 4 * int(generator.choice(places))
        lies = (0, 1, 2, 255, 2**16, 2**31 - 1, 2**31, 2**32 - 1, len(model), max(0, len(model) - 4), place)
        lie = generator.choice((*lies, generator.randrange(len(model) + 1), generator.randrange(2**32)))
        model[place : place + 4] = lie.to_bytes(4, "little")
    return model


def _splice(generator: Random, model: bytearray, models: Sequence[bytes]) -> bytearray:
    other, size = generator.choice(models), generator.choice((4, 16, 64, 512))
    start, place = generator.randrange(len(other)), generator.randrange(len(model) + 1)
    model[place : place + size] = other[start : start + size]
    return model


def _insert(generator: Random, model: bytearray, models: Sequence[bytes]) -> bytearray:
    place = generator.randrange(len(model) + 1)
    model[place:place] = generator.randbytes(generator.choice((1, 4, 16)))
    return model


def _blank(generator: Random, model: bytearray, models: Sequence[bytes]) -> bytearray:
    size, place = generator.choice((4, 16, 256)), generator.randrange(len(model) + 1)
    length = len(model[place : place + size])
    model[place : place + size] = generator.choice((b"\x00", b"\xff", b"\x7f")) * length
    return model


def _rewrite(generator: Random, model: bytearray, models: Sequence[bytes]) -> bytearray:
    """A well-formed file that says wrong things: shapes, types, operands, scales, codes."""
    try:
        tree = schema.ModelT.InitFromObj(schema.Model.GetRootAs(bytes(model), 0))
        for _ in range(generator.choice((1, 1, 2, 4))):
            generator.choice(_LIES)(generator, tree)
        return bytearray(handmade.packed(tree))
    except Exception:  # one of the ways before has damaged it
        return model


def _wrong_shape(generator: Random, tree: Any) -> None:
    tensor = generator.choice(generator.choice(tree.subgraphs).tensors)
    shape = list(tensor.shape if tensor.shape is not None else [])
    way = generator.randrange(3)
    if way == 0 and shape:
        shape[generator.randrange(len(shape))] = generator.choice((0, -1, 1, 2, 3, 1000, 2**16, 2**31 - 1, -(2**31)))
    elif way == 1:
        shape.append(generator.choice((1, 2, 2**20)))
    elif shape:
        shape.pop()
    tensor.shape = np.array(shape, np.int32)


def _wrong_type(generator: Random, tree: Any) -> None:
    generator.choice(generator.choice(tree.subgraphs).tensors).type = generator.randrange(24)


def _wrong_operand(generator: Random, tree: Any) -> None:
    graph = generator.choice(tree.subgraphs)
    operator = generator.choice(graph.operators)
    side = generator.choice(("inputs", "outputs"))
    operands = list(getattr(operator, side))
    way = generator.randrange(3)
    if way == 0 and operands:
        operands[generator.randrange(len(operands))] = generator.randrange(-1, len(graph.tensors) + 1)
    elif way == 1:
        operands.append(generator.randrange(-1, len(graph.tensors)))
    elif operands:
        operands.pop()
    setattr(operator, side, np.array(operands, np.int32))


def _wrong_scale(generator: Random, tree: Any) -> None:
    quantization = generator.choice(generator.choice(tree.subgraphs).tensors).quantization
    if quantization is not None and quantization.scale is not None:
        quantization.scale = np.array(quantization.scale, np.float32) * generator.choice((0, -1, 1e-30, 1e30, np.nan))
        quantization.zeroPoint = np.array(quantization.zeroPoint, np.int64) + generator.choice((0, 1, 1000, 2**40))


def _wrong_operator(generator: Random, tree: Any) -> None:
    code = generator.choice(tree.operatorCodes)
    code.builtinCode = generator.randrange(210)
    code.deprecatedBuiltinCode = min(127, code.builtinCode)


def _wrong_data(generator: Random, tree: Any) -> None:
    buffer = generator.choice(tree.buffers)
    if buffer.data is not None and len(buffer.data):
        data = np.array(buffer.data, np.uint8)
        buffer.data = data[: generator.randrange(len(data))] if generator.random() < 0.5 else data ^ np.uint8(0x55)


def _wrong_order(generator: Random, tree: Any) -> None:
    graph = generator.choice(tree.subgraphs)
    generator.shuffle(graph.operators)


_WAYS: tuple[Callable[[Random, bytearray, Sequence[bytes]], bytearray], ...] = (
    _flip_bits,
    _cut,
    _lie,
    _lie,
    _splice,
    _insert,
    _blank,
    _rewrite,
    _rewrite,
    _rewrite,
)
_LIES = (_wrong_shape, _wrong_type, _wrong_operand, _wrong_scale, _wrong_operator, _wrong_data, _wrong_order)
