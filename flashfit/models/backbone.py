"""Trained networks as the first layers of new ones.

A backbone stays one layer of the new network, a model within the model. Its batch normalisation is never
trained and runs as in inference: the statistics are those it was trained with. (Keras 3 forgets a call's
`training=False` once the model around it trains; a normalisation that is not trainable stays still.)
"""

import hashlib
from collections.abc import Iterator
from pathlib import Path

import keras

from flashfit.errors import ConfigError
from flashfit.models.spec import Backbone, Shape

_POOLING = (keras.layers.GlobalAveragePooling2D, keras.layers.GlobalMaxPooling2D)
_MOMENTUM = 0.9  # as in network: Keras' default follows too slowly for small sets

_V1 = ((64, 1), (128, 2), (128, 1), (256, 2), (256, 1), (512, 2), *((512, 1),) * 5, (1024, 2), (1024, 1))
"""Filters and stride of each depthwise separable convolution: Howard et al., 2017, table 1."""

_V2 = ((1, 16, 1, 1), (6, 24, 2, 2), (6, 32, 3, 2), (6, 64, 4, 2), (6, 96, 3, 1), (6, 160, 3, 2), (6, 320, 1, 1))
"""Expansion, filters, repeats and first stride of each bottleneck: Sandler et al., 2018, table 2."""


def graft(layer: Backbone, x: keras.KerasTensor, name: str) -> keras.KerasTensor:
    """What the backbone makes of x, its weights from its file.

    Raises ConfigError when the file is missing or another than the spec's, has no layer `cut`, or takes
    inputs of another shape than x.
    """
    body = load_backbone(Path(layer.path), sha256=layer.sha256, cut=layer.cut, name=name)
    if tuple(body.input_shape[1:]) != tuple(x.shape[1:]):
        needs, given = (" × ".join(map(str, shape[1:])) for shape in (body.input_shape, x.shape))
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


def mobilenet_v1(input_shape: Shape, width: float) -> keras.Model:
    """MobileNet's body, untrained: (batch, *input_shape) float32 to (batch, height, width, channels).

    width: factor of all filters, rounded to 8, at least 8. A stride that would leave less than 2 pixels a
    side is left out, so pictures may be of any size. Howard et al., 2017, arXiv:1704.04861.
    """
    inputs = keras.Input(input_shape, name="input")
    x = _conv(inputs, _filters(32, width), "stem", kernel=3, stride=2)
    for index, (filters, stride) in enumerate(_V1):
        x = _depthwise(x, f"{index}_depthwise", stride)
        x = _conv(x, _filters(filters, width), f"{index}_pointwise")
    return keras.Model(inputs, x, name="mobilenet_v1")


def mobilenet_v2(input_shape: Shape, width: float) -> keras.Model:
    """MobileNetV2's body, untrained; shapes, width and strides as in mobilenet_v1.

    The last convolution, to 1280 channels, is only widened, never narrowed. Sandler et al., 2018,
    arXiv:1801.04381.
    """
    inputs = keras.Input(input_shape, name="input")
    x = _conv(inputs, _filters(32, width), "stem", kernel=3, stride=2)
    for index, (expansion, filters, stride) in enumerate(_bottlenecks()):
        x = _bottleneck(x, f"{index}", expansion, _filters(filters, width), stride)
    x = _conv(x, _filters(1280, max(1.0, width)), "last")
    return keras.Model(inputs, x, name="mobilenet_v2")


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


def _bottlenecks() -> Iterator[tuple[int, int, int]]:
    """Expansion, filters and stride of each: a repeat has a stride of 1."""
    for expansion, filters, repeats, stride in _V2:
        for repeat in range(repeats):
            yield expansion, filters, 1 if repeat else stride


def _bottleneck(x: keras.KerasTensor, name: str, expansion: int, filters: int, stride: int) -> keras.KerasTensor:
    y = x if expansion == 1 else _conv(x, expansion * x.shape[-1], f"{name}_expand")
    y = _conv(_depthwise(y, f"{name}_depthwise", stride), filters, f"{name}_project", relu=False)
    return keras.layers.Add(name=f"{name}_add")([x, y]) if x.shape == y.shape else y


def _filters(filters: int, width: float) -> int:
    return max(8, round(filters * width / 8) * 8)


def _conv(
    x: keras.KerasTensor, filters: int, name: str, *, kernel: int = 1, stride: int = 1, relu: bool = True
) -> keras.KerasTensor:
    step = _stride(x, stride)
    x = keras.layers.Conv2D(filters, kernel, step, padding="same", use_bias=False, name=name)(x)
    return _normalised(x, name, relu)


def _depthwise(x: keras.KerasTensor, name: str, stride: int) -> keras.KerasTensor:
    step = _stride(x, stride)
    x = keras.layers.DepthwiseConv2D(3, step, padding="same", use_bias=False, name=name)(x)
    return _normalised(x, name, relu=True)


def _stride(x: keras.KerasTensor, stride: int) -> int:
    return stride if min(x.shape[1:3]) >= 2 * stride else 1


def _normalised(x: keras.KerasTensor, name: str, relu: bool) -> keras.KerasTensor:
    x = keras.layers.BatchNormalization(momentum=_MOMENTUM, name=f"{name}_norm")(x)
    return keras.layers.ReLU(6.0, name=f"{name}_relu")(x) if relu else x
