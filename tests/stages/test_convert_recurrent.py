"""LSTM and GRU on TFLM: the same answers as Keras, in a size that fits, or a refusal that says why."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from ai_edge_litert import schema_py_generated as schema
from numpy.typing import NDArray

from flashfit.errors import ConfigError
from flashfit.quantize.converter import convert
from flashfit.runtime.tflm import run_tflm

keras = pytest.importorskip("keras")

STEPS, CHANNELS, CLASSES = 24, 6, 5
FLOAT_TOLERANCE = 1e-5
INT8_TOLERANCE = 0.06  # of a probability, with weights far from small; on average a tenth of it

Layers = Callable[[keras.KerasTensor], keras.KerasTensor]


def network(body: Layers, steps: int = STEPS, channels: int = CHANNELS) -> keras.Model:
    """(steps, 1, channels) to probabilities, with weights as large as trained ones."""
    keras.utils.set_random_seed(1)
    inputs = keras.Input((steps, 1, channels))
    model = keras.Model(inputs, keras.layers.Dense(CLASSES, activation="softmax", name="head")(body(inputs)))
    chance = np.random.default_rng(2)
    model.set_weights([np.abs(one) + 0.1 if one.ndim == 1 else one for one in model.get_weights()])
    for layer in model.layers:
        if isinstance(layer, keras.layers.RNN | keras.layers.Dense):
            layer.set_weights([one + chance.normal(0, 0.5, one.shape) for one in layer.get_weights()])
    return model


def rows(x: keras.KerasTensor) -> keras.KerasTensor:
    return keras.layers.Reshape((x.shape[1], x.shape[2] * x.shape[3]))(x)


def hybrid(x: keras.KerasTensor, kind: type[keras.layers.RNN]) -> keras.KerasTensor:
    x = keras.layers.Conv2D(8, (3, 1), strides=(2, 1), padding="same", use_bias=False)(x)
    x = keras.layers.ReLU()(keras.layers.BatchNormalization()(x))
    return kind(12)(rows(x))


def stack(x: keras.KerasTensor, kind: type[keras.layers.RNN]) -> keras.KerasTensor:
    return kind(8)(kind(12, return_sequences=True)(rows(x)))


BODIES: dict[str, Layers] = {
    "lstm": lambda x: keras.layers.LSTM(12)(rows(x)),
    "lstm hybrid": lambda x: hybrid(x, keras.layers.LSTM),
    "lstm stack": lambda x: stack(x, keras.layers.LSTM),
    "gru": lambda x: keras.layers.GRU(12)(rows(x)),
    "gru as wide as its input": lambda x: keras.layers.GRU(CHANNELS)(rows(x)),
    "gru, reset before": lambda x: keras.layers.GRU(12, reset_after=False)(rows(x)),
    "gru hybrid": lambda x: hybrid(x, keras.layers.GRU),
    "gru stack": lambda x: stack(x, keras.layers.GRU),
}


def samples(count: int = 60, steps: int = STEPS, channels: int = CHANNELS) -> NDArray[np.float32]:
    return np.random.default_rng(3).normal(size=(count, steps, 1, channels)).astype(np.float32)


def operator_names(tflite: bytes) -> list[list[str]]:
    """Of each subgraph."""
    names = {code: name for name, code in vars(schema.BuiltinOperator).items()}
    model = schema.ModelT.InitFromObj(schema.Model.GetRootAs(tflite, 0))
    return [
        [names[model.operatorCodes[operator.opcodeIndex].builtinCode] for operator in graph.operators]
        for graph in model.subgraphs
    ]


@pytest.mark.parametrize("body", BODIES.values(), ids=BODIES)
def test_answers_on_tflm_are_those_of_keras(body: Layers) -> None:
    from flashfit.quantize.convert import to_float, to_int8

    model = network(body)
    expected = model.predict(samples(), verbose=0)
    real = run_tflm(to_float(model), samples())
    assert np.abs(real.values - expected).max() < FLOAT_TOLERANCE
    run = run_tflm(to_int8(model, samples()), samples())
    assert (run.input.dtype, run.output.dtype) == ("int8", "int8")
    assert np.abs(run.values - expected).max() < INT8_TOLERANCE
    assert np.abs(run.values - expected).mean() < INT8_TOLERANCE / 10


def test_an_lstm_is_the_fused_operator() -> None:
    from flashfit.quantize.convert import to_int8

    (names,) = operator_names(to_int8(network(BODIES["lstm"]), samples()))
    assert names == ["RESHAPE", "UNIDIRECTIONAL_SEQUENCE_LSTM", "STRIDED_SLICE", "FULLY_CONNECTED", "SOFTMAX"]


def test_a_gru_is_a_loop_that_takes_no_more_flash_for_more_steps() -> None:
    from flashfit.quantize.convert import to_int8

    short, long = (to_int8(network(BODIES["gru"], steps), samples(steps=steps)) for steps in (8, 128))
    main, condition, _ = operator_names(long)
    assert main == ["RESHAPE", "WHILE", "QUANTIZE", "FULLY_CONNECTED", "SOFTMAX"]
    assert condition == ["LESS"]
    assert abs(len(long) - len(short)) < 256  # a QUANTIZE more or less
    assert len(long) < 8 * 1024


def test_a_cell_state_beyond_ten_is_not_clipped() -> None:
    from flashfit.quantize.convert import to_float

    model = network(BODIES["lstm"], steps=42)
    kernel, recurrent, bias = (np.zeros_like(one) for one in model.layers[2].get_weights())
    bias[:] = 4.0  # every gate is open: in 40 steps of zeros the state grows beyond 25
    kernel[:, 12:24] = -0.9  # where all inputs are 1, four fifths of it are forgotten,
    kernel[:, 24:36] = -4 / 6  # and nothing is added
    model.layers[2].set_weights([kernel, recurrent, bias])
    x = np.zeros((1, 42, 1, CHANNELS), dtype=np.float32)
    x[:, 40:] = 1.0
    assert np.abs(run_tflm(to_float(model), x).values - model.predict(x, verbose=0)).max() < FLOAT_TOLERANCE


@pytest.mark.parametrize("name", ["lstm", "gru stack"])
def test_the_same_model_gives_the_same_bytes(name: str) -> None:
    from flashfit.quantize.convert import to_float, to_int8

    model = network(BODIES[name])
    assert to_int8(model, samples()) == to_int8(model, samples())
    assert to_float(model) == to_float(model)


def test_converting_an_lstm_changes_neither_the_model_nor_what_others_become() -> None:
    from flashfit.quantize.convert import to_int8

    plain = network(lambda x: keras.layers.Flatten()(keras.layers.Conv2D(4, (3, 1), activation="relu")(x)))
    model = network(BODIES["lstm"])
    weights, before = model.get_weights(), to_int8(plain, samples())
    to_int8(model, samples())
    assert to_int8(plain, samples()) == before
    assert all(np.array_equal(one, other) for one, other in zip(model.get_weights(), weights, strict=True))
    assert keras.layers.LSTM.__module__.startswith("keras.")


def test_only_an_lstm_brings_tf_keras_in() -> None:
    code = "import sys; import flashfit.quantize.convert; sys.exit('tf_keras' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True).returncode == 0


REFUSED: dict[str, tuple[Layers, str]] = {
    "another kind": (lambda x: keras.layers.SimpleRNN(4, name="r")(rows(x)), "r: SimpleRNN does not convert"),
    "both kinds": (
        lambda x: keras.layers.GRU(4, name="b")(keras.layers.LSTM(4, return_sequences=True, name="a")(rows(x))),
        r"LSTM and GRU in one model do not convert \(a, b\)",
    ),
    "wrapped": (
        lambda x: keras.layers.Bidirectional(keras.layers.LSTM(4), name="r")(rows(x)),
        "r: a recurrent layer inside another layer does not convert",
    ),
    "backwards": (
        lambda x: keras.layers.LSTM(4, go_backwards=True, name="r")(rows(x)),
        "r: LSTM converts only with go_backwards=False, not True",
    ),
    "another activation": (
        lambda x: keras.layers.LSTM(4, activation="relu", name="r")(rows(x)),
        "r: LSTM converts only with activation=tanh, not relu",
    ),
    "a sequence of a gru": (
        lambda x: keras.layers.Flatten()(keras.layers.GRU(4, return_sequences=True, name="r")(rows(x))),
        "r: the last GRU converts only with return_sequences=False",
    ),
    "something between two grus": (
        lambda x: keras.layers.GRU(4, name="b")(
            keras.layers.Dropout(0.1)(keras.layers.GRU(4, return_sequences=True, name="a")(rows(x)))
        ),
        r"b: a GRU after another converts only straight after it \(a\)",
    ),
    "a path around a gru": (
        lambda x: keras.layers.Concatenate()([keras.layers.GRU(4, name="r")(rows(x)), keras.layers.Flatten()(x)]),
        "r: a path around a GRU does not convert",
    ),
}


@pytest.mark.parametrize(("body", "message"), REFUSED.values(), ids=REFUSED)
def test_what_tflm_has_no_form_for_is_refused_by_name(body: Layers, message: str) -> None:
    from flashfit.quantize.convert import to_float, to_int8

    model = network(body)
    with pytest.raises(ConfigError, match=message):
        to_int8(model, samples(4))
    with pytest.raises(ConfigError, match=message):
        to_float(model)


def test_a_refusal_comes_out_of_the_child_as_it_is(tmp_path: Path) -> None:
    network(REFUSED["another kind"][0]).save(tmp_path / "model.keras")
    with pytest.raises(ConfigError, match=r"model\.keras cannot be converted: r: SimpleRNN does not convert"):
        convert(tmp_path / "model.keras", samples(4))


def test_both_types_come_out_of_the_child(tmp_path: Path) -> None:
    model = network(BODIES["lstm"])
    model.save(tmp_path / "model.keras")
    converted = convert(tmp_path / "model.keras", samples())
    expected = model.predict(samples(), verbose=0)
    assert np.abs(run_tflm(converted.float32, samples()).values - expected).max() < FLOAT_TOLERANCE
    assert np.abs(run_tflm(converted.int8, samples()).values - expected).max() < INT8_TOLERANCE
