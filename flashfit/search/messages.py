"""What the study and a trial's process say to each other."""

from dataclasses import dataclass
from pathlib import Path

from flashfit.footprint import Footprint
from flashfit.params import Metric, Task
from flashfit.search.outcome import Candidate


@dataclass(frozen=True)
class Job:
    """What a trial's process needs: nothing in it depends on the trial's number."""

    candidate: Candidate
    task: Task
    metric: Metric
    train: Path
    augmented: Path
    validation: Path
    folds: int
    epochs: int
    balance: bool
    mixup: float
    calibration_samples: int
    seed: int


@dataclass(frozen=True)
class Epoch:
    """How well the first fold's validation samples are answered after epoch `index`, from 0: more is better.

    Accuracy for a classification, minus the loss otherwise. The study answers True to go on, False to stop.
    """

    index: int
    value: float


@dataclass(frozen=True)
class Scored:
    """A trained trial's measurements on validation samples: the metric, and the first fold's footprint on TFLM.

    merit: what the study maximises, from the int8 answers. int8_loss: their loss, which tells ties apart.
    All but the footprint are means over folds.
    """

    merit: float
    int8: float
    int8_loss: float
    float_: float
    footprint: Footprint


@dataclass(frozen=True)
class Broken:
    """A trial that failed by itself, and would again; and why."""

    reason: str


@dataclass(frozen=True)
class Interrupted:
    """A trial that the surroundings ended: killed, out of memory, out of disk. It says nothing of its candidate."""

    reason: str
