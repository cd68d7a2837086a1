"""One page that a person reads before a release: the verdict, every metric and gate, and pictures."""

from base64 import b64encode
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from jinja2 import Environment, PackageLoader, StrictUndefined
from matplotlib.figure import Figure
from numpy.typing import NDArray

from flashfit.data.features import Features
from flashfit.figure import png
from flashfit.footprint import uses
from flashfit.gates.answers import Answers
from flashfit.gates.intervals import area
from flashfit.gates.metrics import confusion
from flashfit.gates.pictures import budget_picture, confusion_picture, mistakes_picture, recall_picture
from flashfit.gates.quality import Quality
from flashfit.gates.regression_pictures import forecast_picture, residuals_picture
from flashfit.gates.resampling import units_of
from flashfit.gates.rung_pictures import noise_picture
from flashfit.gates.rung_rows import rung_rows
from flashfit.gates.rungs import Ladder
from flashfit.gates.score_pictures import errors_picture, reconstructions_picture, roc_picture, shares_picture
from flashfit.gates.verdict import Verdict
from flashfit.gates.words import METRIC_NAMES, interval_shown, shown
from flashfit.params import Evidence, Gates
from flashfit.runtime.operators import Operator
from flashfit.runtime.tflm import Arena


@dataclass(frozen=True)
class Report:
    """What the page shows.

    outputs: the int8 model's, real-valued, (n, …), and answers: what they say of test. gates: what the
    product asks for. notes: of the data, a line each: what was skipped, repaired or let through. divergence: a line
    for every two runtimes that were compared. ladder: what quantization tried.
    """

    title: str
    verdict: Verdict
    labels: tuple[str, ...]
    test: Features
    outputs: NDArray[np.float32]
    answers: Answers
    operators: tuple[Operator, ...]
    arena: Arena
    gates: Gates
    spec: str
    notes: tuple[str, ...] = ()
    divergence: tuple[str, ...] = ()
    ladder: Ladder | None = None


_RULES: dict[Evidence, str] = {
    "point": "Every gate is decided by its value alone.",
    "paired": "A drop is decided by its interval, every other gate by its value.",
    "interval": "Every gate on quality is decided by its interval.",
}
"""What decides, by what the product asks for."""


@dataclass(frozen=True)
class _Picture:
    caption: str
    data: str


@dataclass(frozen=True)
class _Row:
    metric: str
    int8: str
    int8_interval: str
    float_: str
    float_interval: str
    method: str


def render(report: Report) -> str:
    """The page as HTML, its pictures inside it: one file, the same for the same report."""
    environment = Environment(
        loader=PackageLoader("flashfit.gates", "."),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    quality = report.verdict.quality
    return environment.get_template("report.html.j2").render(
        report=report,
        verdict=report.verdict,
        quality=quality,
        headline=_headline(quality) if quality else "",
        rows=list(_rows(quality, report.labels)) if quality else [],
        rule=_RULES[report.gates.evidence],
        operators=sorted(Counter(operator.name for operator in report.operators).items()),
        rungs=list(rung_rows(report.ladder)) if report.ladder else [],
        pictures=list(_pictures(report)),
    )


def _headline(quality: Quality) -> str:
    int8, float_ = (shown(quality.metric, value, quality.unit) for value in (quality.int8, quality.float_))
    name = METRIC_NAMES[quality.metric]
    return f"{name} {int8} as int8, {float_} as float, on {quality.n:,} test samples, answered by TFLM"


def _rows(quality: Quality, labels: tuple[str, ...]) -> Iterator[_Row]:
    for metric, estimate in quality.estimates.items():
        float_ = quality.float_estimates.get(metric)
        yield _Row(
            metric=f"F1 of {labels[1]}" if metric == "f1" else METRIC_NAMES[metric],
            int8=shown(metric, estimate.value, quality.unit),
            int8_interval=interval_shown(metric, estimate, quality.unit),
            float_=shown(metric, float_.value, quality.unit) if float_ else "",
            float_interval=interval_shown(metric, float_, quality.unit) if float_ else "",
            method=estimate.method,
        )


def _pictures(report: Report) -> Iterator[_Picture]:
    quality = report.verdict.quality
    task = quality.task if quality else "classification"
    if task == "regression":
        yield from _regression_pictures(report, quality.unit if quality else "")
    else:
        yield from _class_pictures(report, quality)
        if report.answers.scores is not None:
            yield from _score_pictures(report, report.answers.scores)
    if task == "classification":
        yield from _mistakes(report)
    if report.ladder is not None and any(tried.noise for tried in report.ladder.rungs):
        yield _embedded("What each rung adds to each layer, on validation data", noise_picture(report.ladder))
    yield _embedded("Budget", budget_picture(list(uses(report.verdict.footprint, report.verdict.budget))))


def _class_pictures(report: Report, quality: Quality | None) -> Iterator[_Picture]:
    counts = confusion(np.asarray(report.test.y, dtype=np.int64), report.answers.values, len(report.labels))
    title = f"int8 on TFLM, test split, n = {len(report.test):,}"
    yield _embedded("Confusion matrix", confusion_picture(counts, report.labels, title))
    if quality is not None:
        floor = report.gates.least_class_recall if quality.task == "classification" else 0.0
        picture = recall_picture(quality.int8_recall, floor, quality.recall_intervals)
        yield _embedded("Recall by class", picture)


def _score_pictures(report: Report, scores: NDArray[np.float32]) -> Iterator[_Picture]:
    truth, answers = np.asarray(report.test.y), report.answers
    if len(np.unique(truth)) == 2:
        estimate = area(truth, scores, units_of(report.test.groups))
        yield _embedded("ROC curve, and where the model answers", roc_picture(truth, scores, answers.values, estimate))
    if answers.threshold is None:
        yield _embedded("Shares by label", shares_picture(truth, scores, report.labels))
        return
    picture = errors_picture(truth, scores, report.labels, answers.threshold)
    yield _embedded("Errors by label, and the threshold between them", picture)
    picture = reconstructions_picture(report.test.x, report.outputs, truth, scores, report.labels)
    yield _embedded("Inputs and what the model makes of them, with the reconstruction error", picture)


def _regression_pictures(report: Report, unit: str) -> Iterator[_Picture]:
    truth, answers = np.asarray(report.test.y), report.answers.values
    yield _embedded("Truth and answers in the order of the test split", forecast_picture(truth, answers, unit))
    yield _embedded("Residuals", residuals_picture(truth, answers, unit))


def _mistakes(report: Report) -> Iterator[_Picture]:
    truth, answers = ([report.labels[index] for index in side] for side in (report.test.y, report.answers.values))
    picture = mistakes_picture(report.test.x, truth, answers)
    if picture is not None:
        yield _embedded("Answered wrongly: truth → answer", picture)


def _embedded(caption: str, figure: Figure) -> _Picture:
    return _Picture(caption, b64encode(png(figure)).decode())
