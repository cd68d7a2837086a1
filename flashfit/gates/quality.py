"""What is said of a model's answers to the test split; free of NumPy, as the light client's command line reads it."""

from pydantic import BaseModel, ConfigDict, Field

from flashfit.gates.estimate import Drop, Estimate
from flashfit.params import Metric, Task


class Quality(BaseModel):
    """How well TFLM answers the n samples of the test split, as int8 and as float.

    int8, float_: of `metric`, the one that was searched for. estimates: of the int8 model by metric, with
    intervals. int8_recall: by label; none for a regression. drop: of `metric` from float to int8, both answering
    the same samples. threshold: an anomaly model's. unit: of a regression's target.
    """

    model_config = ConfigDict(
        frozen=True, extra="forbid", validate_by_name=True, validate_by_alias=True, serialize_by_alias=True
    )

    task: Task = "classification"
    metric: Metric = "accuracy"
    int8: float
    float_: float = Field(alias="float")
    int8_recall: dict[str, float] = {}
    n: int
    estimates: dict[Metric, Estimate] = {}
    float_estimates: dict[Metric, Estimate] = {}
    recall_intervals: dict[str, Estimate] = {}
    drop: Drop | None = None
    threshold: float | None = None
    unit: str = ""

    def value_of(self, metric: Metric) -> float:
        """The int8 model's. Raises ValueError for a metric that was not evaluated."""
        if metric in self.estimates:
            return self.estimates[metric].value
        if metric != self.metric:
            raise ValueError(f"{metric} is gated and was not evaluated")
        return self.int8
