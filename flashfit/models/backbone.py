"""Trained networks as the first layers of new ones, and MobileNets to start from.

A backbone stays one layer of the new network, a model within the model. Its batch normalisation is never
trained and runs as in inference: the statistics are those it was trained with. (Keras 3 forgets a call's
`training=False` once the model around it trains; a normalisation that is not trainable stays still.)
"""

import hashlib
from pathlib import Path

import keras

from flashfit.errors import ConfigError
from flashfit.models.spec import Backbone, Shape

KINDS = {"mobilenet-v1": keras.applications.MobileNet, "mobilenet-v2": keras.applications.MobileNetV2}
"""The backbones that can be made, by name."""

_POOLING = (keras.layers.GlobalAveragePooling2D, keras.layers.GlobalMaxPooling2D)
_LEAST_PIXELS = 32  # Keras' own limit: five strides leave one pixel of it
_LEAST_WIDTH = 1 / 32  # one filter in MobileNet's first convolution
_MOST_WIDTH = 2.0  # published ones end at 1.4


def graft(layer: Backbone, x: keras.KerasTensor, name: str) -> keras.KerasTensor:
    """What the backbone makes of x, its weights from its file.

    Raises ConfigError when the file is missing or another than the spec's, has no layer `cut`, or takes
    inputs of another shape than x.
    """
    body = load_backbone(Path(layer.path), sha256=layer.sha256, cut=layer.cut, name=name)
    if tuple(body.input_shape[1:]) != tuple(x.shape[1:]):
        needs, given = (_sides(shape[1:]) for shape in (body.input_shape, x.shape))
        raise ConfigError(f"search.backbone: {layer.path} takes inputs of {needs}, and these are {given}")
    _set_trainable(body, True)
    return body(x)


def load_backbone(
    path: Path, *, sha256: str | None = None, cut: str | None = None, name: str | None = None
) -> keras.Model:
    """The layers of a .keras file up to `cut`, with its weights; without a cut, all but its head.

    The head begins with global pooling or whatever else first leaves the plane. Raises ConfigError when the
    file is missing, is not the one that sha256 names, cannot be read, or has no such layer.
    """
    model = _load(path, sha256)
    if len(model.inputs) != 1:
        raise ConfigError(f"search.backbone: {path} takes {len(model.inputs)} inputs, not one")
    return keras.Model(model.inputs[0], _last(model, path, cut).output, name=name or path.stem)


def set_trainable(model: keras.Model, *, body: bool) -> None:
    """Let training change the backbone within model, or only what follows it.

    To be called before compile. Raises ValueError for a model without a backbone.
    """
    backbones = [layer for layer in model.layers if isinstance(layer, keras.Model)]
    if not backbones:
        raise ValueError(f"{model.name} has no backbone")
    for backbone in backbones:
        _set_trainable(backbone, body)


def mobilenet(kind: str, input_shape: Shape, width: float, weights: Path | None = None) -> keras.Model:
    """Keras' own MobileNet or MobileNetV2 without its head: (batch, *input_shape) float32 to (batch, h, w, channels).

    kind: of KINDS. input_shape: from 32 × 32 pixels, of 1 or 3 channels. width: factor of the filters, 1 as
    published. weights: as .weights.h5 or the .h5 that Keras publishes for this kind and width, whose pixels
    are from -1 to 1; without them the network is untrained, its weights drawn from Keras' seed. Raises
    ConfigError naming the number that cannot be, or the file that holds no such weights.

    Howard et al., 2017, arXiv:1704.04861; Sandler et al., 2018, arXiv:1801.04381.
    """
    _refuse(kind, input_shape, width)
    if weights is not None and not weights.is_file():
        raise ConfigError(f"weights: {weights} does not exist")
    try:
        return KINDS[kind](input_shape, alpha=width, include_top=False, weights=weights)
    except (OSError, ValueError, TypeError, LookupError) as error:
        if weights is None:
            raise
        cause, _, _ = _first_line(error).partition(" Example error message")
        raise ConfigError(
            f"weights: {weights} does not fit {kind} of width {width:g} on {_sides(input_shape)}: {cause}",
            next_step="name the kind, width and channels that the weights were trained with",
        ) from None


def _refuse(kind: str, input_shape: Shape, width: float) -> None:
    """Raise ConfigError for what Keras' builders have no network for."""
    height, across, channels = input_shape
    if kind not in KINDS:
        raise ConfigError(f"no backbone {kind!r} (there are: {', '.join(KINDS)})")
    if min(height, across) < _LEAST_PIXELS:
        raise ConfigError(
            f"input: {kind} takes pictures from {_LEAST_PIXELS} × {_LEAST_PIXELS}, and these are {_sides(input_shape)}",
            next_step="frontend.size makes them larger",
        )
    if channels not in (1, 3):
        raise ConfigError(f"input: {kind} takes 1 or 3 channels, and these have {channels}")
    if not _LEAST_WIDTH <= width <= _MOST_WIDTH:
        raise ConfigError(f"width: must be from {_LEAST_WIDTH} to {_MOST_WIDTH:g} (got {width:g})")


def _set_trainable(backbone: keras.Model, trainable: bool) -> None:
    backbone.trainable = trainable
    for layer in backbone.layers:
        if isinstance(layer, keras.layers.BatchNormalization):
            layer.trainable = False


def _load(path: Path, sha256: str | None) -> keras.Model:
    try:
        found = hashlib.sha256(path.read_bytes()).hexdigest()
        if sha256 is not None and found != sha256:
            raise ConfigError(f"search.backbone: {path} has the sha256 {found}, and the spec's is {sha256}")
        model = keras.models.load_model(path, compile=False)
    except FileNotFoundError:
        raise ConfigError(f"search.backbone: {path} does not exist") from None
    except (OSError, ValueError, TypeError, LookupError) as error:
        raise ConfigError(f"search.backbone: {path} is no readable .keras file: {_first_line(error)}") from None
    if not isinstance(model, keras.Model):
        raise ConfigError(f"search.backbone: {path} holds no model, but a {type(model).__name__}")
    return model


def _sides(shape: tuple[int, ...]) -> str:
    return " × ".join(map(str, shape))


def _first_line(error: Exception) -> str:
    lines = str(error).strip().splitlines()
    return lines[0] if lines else type(error).__name__


def _last(model: keras.Model, path: Path, cut: str | None) -> keras.layers.Layer:
    """The last layer that is kept."""
    if cut is None:
        flat = (len(layer.output.shape) != 4 or isinstance(layer, _POOLING) for layer in model.layers)
        pictures = model.layers[1 : next((index for index, is_flat in enumerate(flat) if is_flat), None)]
        if not pictures:
            raise ConfigError(f"search.backbone: {path} has no layer whose output is a picture")
        return pictures[-1]
    names = [layer.name for layer in model.layers]
    if cut not in names:
        raise ConfigError(f"search.backbone: {path} has no layer {cut} (it has {', '.join(names)})")
    return model.get_layer(cut)
