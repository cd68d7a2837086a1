"""What a rung's process is asked for, and what it makes: in its folder these are files."""

from dataclasses import dataclass
from pathlib import Path

from pydantic import BaseModel, ConfigDict

from flashfit.params import Metric, Task
from flashfit.training.recipe import Recipe


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Job(_Frozen):
    """A trained network, and what its rungs are made with. Nothing here knows of the test split.

    keras: the .keras file. train, augmented, validation: folders of features. recipe: as it was trained by.
    """

    keras: Path
    task: Task
    metric: Metric
    train: Path
    augmented: Path
    validation: Path
    recipe: Recipe
    balance: bool
    calibration_samples: int
    qat_epochs: int
    seed: int


class Answer(_Frozen):
    """How making one rung ended. settings: in words, one for each candidate made; refusal: why there is none."""

    settings: tuple[str, ...] = ()
    refusal: str | None = None


@dataclass(frozen=True)
class Candidate:
    """What a rung offers: a .tflite, the float network that it rounds as another, and what was chosen, in words."""

    tflite: bytes
    reference: bytes
    settings: str
