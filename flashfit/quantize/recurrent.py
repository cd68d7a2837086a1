"""The recurrent layers of a Keras model, and which of them TFLM has a form for."""

from collections.abc import Iterator
from itertools import pairwise

import keras

from flashfit.errors import ConfigError

_ONLY_SO = {"go_backwards": False, "stateful": False, "return_state": False}
_LSTM_ONLY_SO = {"activation": "tanh", "recurrent_activation": "sigmoid", "use_bias": True}


def recurrent_layers(model: keras.Model) -> tuple[keras.layers.RNN, ...]:
    """The recurrent layers of a model in the order they run, all LSTM or all GRU; none in a feed-forward one.

    Raises ConfigError for what does not convert: another kind of recurrence, or both kinds; one inside
    another layer; options that TFLM's operators do not have; a GRU whose sequence goes anywhere but
    straight into the next GRU.
    """
    for name in _hidden(model):
        raise ConfigError(f"{name}: a recurrent layer inside another layer does not convert")
    found = tuple(layer for layer in model.layers if isinstance(layer, keras.layers.RNN))
    for layer in found:
        _check(layer)
    if len({type(layer) for layer in found}) > 1:
        raise ConfigError(f"LSTM and GRU in one model do not convert ({', '.join(layer.name for layer in found)})")
    if found and isinstance(found[0], keras.layers.GRU):
        _check_chain(found)
    return found


def _check(layer: keras.layers.RNN) -> None:
    kind = type(layer).__name__
    if not isinstance(layer, keras.layers.LSTM | keras.layers.GRU):
        raise ConfigError(f"{layer.name}: {kind} does not convert (LSTM and GRU do)")
    config, fixed = layer.get_config(), _ONLY_SO | (_LSTM_ONLY_SO if isinstance(layer, keras.layers.LSTM) else {})
    for option, value in fixed.items():
        if config[option] != value:
            raise ConfigError(f"{layer.name}: {kind} converts only with {option}={value}, not {config[option]}")
    if None in layer.input.shape[1:]:
        raise ConfigError(f"{layer.name}: the number of time steps is not fixed (its input is {layer.input.shape})")


def _check_chain(layers: tuple[keras.layers.GRU, ...]) -> None:
    for layer, following in pairwise(layers):
        if following.input is not layer.output:
            raise ConfigError(f"{following.name}: a GRU after another converts only straight after it ({layer.name})")
    if layers[-1].return_sequences:
        raise ConfigError(f"{layers[-1].name}: the last GRU converts only with return_sequences=False")


def _hidden(model: keras.Model) -> Iterator[str]:
    """Names of layers that hold a recurrent layer within."""
    for layer in model.layers:
        if isinstance(layer, keras.layers.RNN):
            continue
        if any(isinstance(inner, keras.layers.RNN) for inner in layer._flatten_layers(include_self=False)):
            yield layer.name
