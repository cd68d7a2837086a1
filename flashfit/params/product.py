"""What is built, and what it must be: products, targets' budgets, gates."""

from pathlib import Path
from typing import Literal, get_args

from pydantic import Field, model_validator

from flashfit.params.augmentation import Augment
from flashfit.params.frontends import Frontend
from flashfit.params.section import Name, Positive, PositiveBytes, Rate, Section, Sha256, Share
from flashfit.params.sources import Source

Task = Literal["classification", "anomaly", "regression"]
Metric = Literal["accuracy", "macro_f1", "auc", "auc_by_group", "f1", "mae", "r2"]
Family = Literal["dense", "conv", "separable", "residual", "temporal", "recurrent", "hybrid", "autoencoder", "transfer"]
Check = Literal[
    "duplicates", "shape", "length", "range", "silence", "clipping", "clock", "sampling", "balance", "drift"
]
Policy = Literal["stop", "warn", "repair"]
Evidence = Literal["point", "paired", "interval"]
Rung = Literal["int8", "int8-tuned", "int8-equalized", "qat", "mixed", "int16", "int4", "float32"]

RUNGS: tuple[Rung, ...] = get_args(Rung)
"""The ladder, from what costs least on the board to what costs most."""

DEFAULT_RUNGS: tuple[Rung, ...] = tuple(rung for rung in RUNGS if rung != "float32")
"""float32 is for products that say so."""

REPAIRABLE: dict[str, str] = {
    "duplicates": "copies are left out",
    "shape": "samples of another shape are left out",
    "length": "samples of another length are left out",
    "range": "samples out of range are left out",
    "silence": "silent clips are left out",
    "clipping": "clipped clips are left out",
}
"""What `repair` does, for the checks that know how."""

ANOMALY_LABELS = ("normal", "anomaly")
METRICS: dict[Task, tuple[Metric, ...]] = {
    "classification": ("accuracy", "macro_f1", "f1"),
    "anomaly": ("auc", "auc_by_group", "f1"),
    "regression": ("mae", "r2"),
}
"""What each task can be judged by; the first is its default. f1 is of the second label."""


class Expectations(Section):
    """What every sample must be; what is None is not asked. `range` is closed; shares are of all samples.

    shape: of every sample. length: least and most of its first axis. quietest_dbfs: of a clip's loudness.
    most_clipped: share of a clip's values at full scale. most_clock_steps: times that a clock stands still
    or steps back. most_irregular: share of time steps that differ from the usual by more than half of it.
    largest_drift: population stability index of any statistic against the version last accepted.
    policy: what a failed check does: stop the build (the default), warn, or repair.
    """

    range: tuple[float, float]
    shape: tuple[int, ...] | None = Field(default=None, min_length=1)
    length: tuple[int, int] | None = None
    least_samples: int = Field(default=100, gt=0)
    least_class_share: Share = 0.02
    most_class_share: Rate = 0.9
    most_duplicates: int = Field(default=0, ge=0)
    quietest_dbfs: float | None = None
    most_clipped: Rate | None = None
    most_clock_steps: int | None = Field(default=None, ge=0)
    most_irregular: Rate | None = None
    largest_drift: float | None = Field(default=None, gt=0)
    policy: dict[Check, Policy] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _can_be_repaired(self) -> "Expectations":
        for check, policy in self.policy.items():
            if policy == "repair" and check not in REPAIRABLE:
                raise ValueError(f"{check} cannot be repaired (can be: {', '.join(REPAIRABLE)})")
        return self


class Split(Section):
    """Shares held out, by whole groups.

    `hash`: by a hash of the group, or of the content where there are no groups. `group`: the same, and a
    source without groups is refused. `time`: the first part of each series trains, the last tests, and
    windows that overlap a border are left out. `given`: as the source says.
    """

    by: Literal["hash", "group", "time", "given"] = "hash"
    validation: Share = 0.15
    test: Share = 0.2

    @model_validator(mode="after")
    def _leaves_something_to_train_on(self) -> "Split":
        if self.validation + self.test > 0.8:
            raise ValueError("validation and test together may hold out at most 0.8 of the samples")
        return self


class Backbone(Section):
    """The .keras file that the transfer family starts from.

    sha256: of that file, and no other will do; None takes whatever lies there, and a change of it goes unseen.
    """

    path: Path
    sha256: Sha256 | None = None


class Search(Section):
    """How wide and how long to look. `batch` trials are asked together and told together.

    folds: 1 judges a trial on the validation split; more train it so many times, each with other groups of
    training and validation left out, and judge it by the mean.
    """

    families: tuple[Family, ...] = ("dense", "conv", "separable")
    trials: int = Field(default=16, gt=0)
    batch: int = Field(default=2, gt=0)
    folds: int = Field(default=1, gt=0)
    epochs: int = Field(default=20, gt=0)
    backbone: Backbone | None = None

    @model_validator(mode="after")
    def _transfer_has_a_backbone(self) -> "Search":
        if "transfer" in self.families and self.backbone is None:
            raise ValueError("the transfer family needs a backbone, the path of a .keras file")
        return self


class Train(Section):
    """The winner's training: most epochs, and epochs without improvement before it stops.

    balance: weigh each class by how rare it is.
    """

    epochs: int = Field(default=60, gt=0)
    patience: int = Field(default=15, gt=0)
    balance: bool = False


class Quantize(Section):
    """Calibration draws this many training samples.

    rungs: of the ladder, tried in this order until one passes; float32 only where it is named. qat_epochs: of
    quantization-aware fine-tuning.
    """

    calibration_samples: int = Field(default=256, gt=0)
    rungs: tuple[Rung, ...] = Field(default=DEFAULT_RUNGS, min_length=1)
    qat_epochs: int = Field(default=10, gt=0)

    @model_validator(mode="after")
    def _goes_up(self) -> "Quantize":
        places = [RUNGS.index(rung) for rung in self.rungs]
        if places != sorted(set(places)):
            raise ValueError(f"rungs: each once, and in the order {', '.join(RUNGS)}")
        return self


class Gates(Section):
    """What the int8 model must reach on the test split. `metric` is the one that is searched for and shown.

    least_*: least value; most_mae: largest mean absolute error, in the target's unit. largest_drop: from
    float to int8, and from the version in production, of `metric` (for mae: how much larger it may become).
    least_class_recall: of any class. evidence: what must be shown and not only seen: nothing (`point`), that the
    model is no worse than another by more than largest_drop (`paired`), or every gate on quality (`interval`).
    """

    metric: Metric = "accuracy"
    least_accuracy: Rate | None = None
    least_macro_f1: Rate | None = None
    least_auc: Rate | None = None
    least_auc_by_group: Rate | None = None
    least_f1: Rate | None = None
    most_mae: float | None = Field(default=None, gt=0)
    least_r2: float | None = Field(default=None, le=1)
    largest_drop: float = Field(default=0.02, ge=0)
    least_class_recall: Rate = 0.0
    evidence: Evidence = "paired"

    @property
    def thresholds(self) -> dict[Metric, float]:
        """The metrics that are gated, and their thresholds, in a fixed order."""
        asked: dict[Metric, float | None] = {
            "accuracy": self.least_accuracy,
            "macro_f1": self.least_macro_f1,
            "auc": self.least_auc,
            "auc_by_group": self.least_auc_by_group,
            "f1": self.least_f1,
            "mae": self.most_mae,
            "r2": self.least_r2,
        }
        return {metric: threshold for metric, threshold in asked.items() if threshold is not None}

    @model_validator(mode="after")
    def _ask_for_something(self) -> "Gates":
        if not self.thresholds:
            raise ValueError("no quality is asked for (give least_accuracy, least_auc, most_mae, …)")
        return self


class Product(Section):
    """What the company ships: a dataset, a task and its gates. unit: of a regression's target, for people."""

    title: str
    task: Task
    labels: tuple[str, ...]
    unit: str = ""
    source: Source
    expectations: Expectations
    split: Split
    frontend: Frontend
    augment: Augment
    search: Search
    train: Train
    quantize: Quantize
    gates: Gates

    @model_validator(mode="after")
    def _is_consistent(self) -> "Product":
        if len(set(self.labels)) != len(self.labels):
            raise ValueError("labels repeat")
        if self.task == "classification" and len(self.labels) < 2:
            raise ValueError("labels: a classification needs at least two")
        if self.task == "anomaly" and self.labels != ANOMALY_LABELS:
            raise ValueError(f"labels: an anomaly product's are {', '.join(ANOMALY_LABELS)}, in this order")
        if self.task == "regression" and self.labels:
            raise ValueError("labels: a regression has none; write []")
        if self.augment.mixup and self.task != "classification":
            raise ValueError(f"augment.mixup: blends classes, and a {self.task} has none; leave it out")
        if self.search.folds > 1 and self.split.by == "time":
            raise ValueError("search.folds: a split by time has no groups to leave out; write 1")
        known = METRICS[self.task]
        for metric in (self.gates.metric, *self.gates.thresholds):
            if metric not in known:
                raise ValueError(f"gates: {metric} does not judge a {self.task} (these do: {', '.join(known)})")
        reconstructs = "autoencoder" in self.search.families
        if reconstructs != (self.task == "anomaly"):
            raise ValueError("search.families: the autoencoder is for anomaly products, and is their only family")
        if self.task == "anomaly" and self.search.families != ("autoencoder",):
            raise ValueError("search.families: an anomaly product's only family is autoencoder")
        return self


class Budget(Section):
    """What a product may use of a target. Flash counts the model's bytes, not TFLM's code."""

    flash: PositiveBytes
    arena: PositiveBytes
    macs: Positive


class Build(Section):
    """One product on one target."""

    product: Name
    target: Name
    budget: Budget

    @property
    def name(self) -> str:
        """The key under `builds:` and the DVC stages' suffix."""
        return f"{self.product}-{self.target}"

    @property
    def registered_name(self) -> str:
        """The registered model's name."""
        return f"{self.product}.{self.target}"
