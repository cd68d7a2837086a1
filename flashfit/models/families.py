"""The families: each asks a chooser for the numbers of its search space and answers with a spec.

The chooser is Optuna's trial in the study, and any object with these two methods elsewhere.
"""

from collections.abc import Callable, Iterator, Sequence
from functools import partial

from flashfit.errors import ConfigError
from flashfit.models import spaces
from flashfit.models.spaces import Chooser
from flashfit.models.spec import Backbone, Dropout, Head, Layer, Reconstruction, Shape, Spec

FAMILIES: dict[str, Callable[[Chooser, Shape], Iterator[Layer]]] = {
    "dense": spaces.dense,
    "conv": spaces.conv,
    "separable": spaces.separable,
    "residual": spaces.residual,
    "temporal": spaces.temporal,
    "recurrent": spaces.recurrent,
    "hybrid": spaces.hybrid,
    "autoencoder": spaces.autoencoder,
}
"""Those that need an input's shape alone; `transfer` needs backbones as well."""

_OF_VECTORS = ("dense", "autoencoder")
_OF_STEPS = ("temporal", "recurrent", "hybrid")


def suggest(
    family: str,
    chooser: Chooser,
    input_shape: Shape,
    head: Head,
    dropout: float,
    backbones: Sequence[Backbone] = (),
) -> Spec:
    """A spec of the named family, its numbers asked of chooser.

    dropout: rate before the head, in [0, 1); an autoencoder's is of its input, which it learns to mend.
    backbones: what the transfer family may start from. Raises ConfigError where the family cannot take
    the input or the head.
    """
    _refuse_misfits(family, input_shape, head, backbones)
    space = partial(spaces.transfer, backbones) if family == "transfer" else FAMILIES[family]
    body, drop = tuple(space(chooser, input_shape)), Dropout(rate=dropout)
    layers = (drop, *body) if family == "autoencoder" else (*body, drop)
    return Spec(family=family, input_shape=input_shape, head=head, layers=layers)


def takes(family: str, input_shape: Shape) -> bool:
    """Whether a family makes sense of the input: some need a plane, a line or steps in time."""
    height, width, _ = input_shape
    if family in _OF_VECTORS:
        return True
    return height >= spaces.LEAST_STEPS if family in _OF_STEPS else height * width > 1


def _refuse_misfits(family: str, input_shape: Shape, head: Head, backbones: Sequence[Backbone]) -> None:
    if (family == "autoencoder") != isinstance(head, Reconstruction):
        raise ConfigError(f"search.families: {family} cannot end in a {head.kind}")
    shown = " × ".join(map(str, input_shape))
    if not takes(family, input_shape):
        needs = f"at least {spaces.LEAST_STEPS} rows" if family in _OF_STEPS else "rows or pixels"
        raise ConfigError(
            f"search.families: {family} needs {needs}, and inputs are {shown}",
            next_step="name other families; dense takes every input",
        )
    if family == "transfer" and not backbones:
        raise ConfigError("search.backbone: the transfer family needs a backbone, and there is none")
    for backbone in backbones if family == "transfer" else ():
        if backbone.input_shape != input_shape:
            needs = " × ".join(map(str, backbone.input_shape))
            raise ConfigError(f"search.backbone: {backbone.path} takes inputs of {needs}, and these are {shown}")
