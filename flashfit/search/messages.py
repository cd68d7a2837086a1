"""What the study and a trial's process say to each other."""

from dataclasses import dataclass
from pathlib import Path

from flashfit.footprint import Footprint
from flashfit.search.outcome import Candidate


@dataclass(frozen=True)
class Job:
    """What a trial's process needs: nothing in it depends on the trial's number."""

    candidate: Candidate
    train: Path
    validation: Path
    epochs: int
    calibration_samples: int
    seed: int


@dataclass(frozen=True)
class Epoch:
    """Validation accuracy after epoch `index`, from 0. The study answers True to go on, False to stop."""

    index: int
    accuracy: float


@dataclass(frozen=True)
class Scored:
    """A trained trial's measurements: validation accuracies, int8 cross-entropy and the footprint on TFLM."""

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
