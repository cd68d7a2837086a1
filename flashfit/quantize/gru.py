"""GRU as a WHILE loop around one converted step.

The model is cut around its GRU layers. What comes before them, one step of them, and what comes after are
converted by themselves, each calibrated with what it sees in the whole model, and joined again. The states
and all within the step are int16, as in TFLM's fused LSTM: in int8 a state that changes slowly stands still.
"""

from collections.abc import Iterator, Sequence

import keras
import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from flashfit.errors import ConfigError
from flashfit.quantize.frozen import frozen, input_name, quantized
from flashfit.quantize.loop import Pieces, join

_MOST_STEPS = 4096  # seen in calibration: what a second or two allow

Samples = NDArray[np.float32]
Chain = Sequence[keras.layers.GRU]
"""GRU layers, each the next one's input; the last returns its last state."""


def to_int8(model: keras.Model, chain: Chain, calibration: Samples) -> bytes:
    """int8 inputs, outputs and weights; int16 within the loop. chain: the model's recurrent layers."""
    before, step, after = _converters(model, chain)
    series = np.asarray(_before(model, chain)(calibration))
    states = _states(chain, series)
    return join(
        Pieces(
            before=quantized(before, [[sample[None]] for sample in calibration], "int8"),
            step=quantized(step, list(_steps(series, states)), "int16"),
            after=quantized(after, [[last[None]] for last in states[-1][:, -1]], "int8"),
        ),
        series.shape[1],
    )


def to_float(model: keras.Model, chain: Chain) -> bytes:
    """float32 throughout. chain: the model's recurrent layers."""
    before, step, after = (converter.convert() for converter in _converters(model, chain))
    return join(Pieces(before, step, after), chain[0].input.shape[1])


def _converters(model: keras.Model, chain: Chain) -> tuple[tf.lite.TFLiteConverter, ...]:
    before, after = _before(model, chain), _after(model, chain)
    step_shapes = [chain[0].input.shape[2:], *((gru.units,) for gru in chain)]
    return (
        frozen(lambda x: before(x, training=False), [model.input_shape[1:]], before),
        frozen(lambda features, *states: _step(chain, features, states), step_shapes, model),
        frozen(lambda state: after(state, training=False), [(chain[-1].units,)], after),
    )


def _before(model: keras.Model, chain: Chain) -> keras.Model:
    return keras.Model(model.input, chain[0].input)


def _after(model: keras.Model, chain: Chain) -> keras.Model:
    try:
        return keras.Model(chain[-1].output, model.output)
    except ValueError:
        raise ConfigError(f"{chain[-1].name}: a path around a GRU does not convert") from None


def _step(chain: Chain, features: tf.Tensor, states: Sequence[tf.Tensor]) -> list[tf.Tensor]:
    following = []
    for gru, state in zip(chain, states, strict=True):
        features, _ = gru.cell(features, [state], training=False)
        following.append(features)
    return following


def _states(chain: Chain, series: Samples) -> list[Samples]:
    """Each layer's state after 0, 1, … steps: (n, steps + 1, units)."""
    states = []
    for gru in chain:
        whole = keras.layers.GRU.from_config({**gru.get_config(), "return_sequences": True})
        whole.build(series.shape)
        whole.set_weights(gru.get_weights())
        series = np.asarray(whole(series, training=False))
        states.append(np.concatenate([np.zeros_like(series[:, :1]), series], axis=1))
    return states


def _steps(series: Samples, states: list[Samples]) -> Iterator[dict[str, Samples]]:
    """Inputs and states that meet, evenly over all. The last input meets the last states too, for their range."""
    columns = [np.concatenate([series, series[:, -1:]], axis=1), *states]
    rows = [column.reshape(-1, 1, column.shape[-1]) for column in columns]
    for index in np.linspace(0, len(rows[0]) - 1, min(len(rows[0]), _MOST_STEPS)).astype(int):
        yield {input_name(position): row[index] for position, row in enumerate(rows)}
