"""One page that a person reads before a release: the verdict, every gate, and pictures."""

from base64 import b64encode
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

from jinja2 import Environment, PackageLoader, StrictUndefined
from matplotlib.figure import Figure

from flashfit.data.features import Features
from flashfit.figure import png
from flashfit.footprint import uses
from flashfit.gates.metrics import confusion
from flashfit.gates.pictures import budget_picture, confusion_picture, mistakes_picture, recall_picture
from flashfit.gates.verdict import Verdict
from flashfit.runtime.operators import Operator
from flashfit.runtime.tflm import TflmRun


@dataclass(frozen=True)
class Report:
    """What the page shows. run: the int8 model's answers to test. floor: the gate on recall by class."""

    title: str
    verdict: Verdict
    labels: tuple[str, ...]
    test: Features
    run: TflmRun
    operators: tuple[Operator, ...]
    floor: float
    spec: str


@dataclass(frozen=True)
class _Picture:
    caption: str
    data: str


def render(report: Report) -> str:
    """The page as HTML, its pictures inside it: one file, the same for the same report."""
    environment = Environment(
        loader=PackageLoader("flashfit.gates", "."),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
    )
    return environment.get_template("report.html.j2").render(
        report=report,
        verdict=report.verdict,
        quality=report.verdict.quality,
        arena=report.run.arena,
        operators=sorted(Counter(operator.name for operator in report.operators).items()),
        pictures=list(_pictures(report)),
    )


def _pictures(report: Report) -> Iterator[_Picture]:
    truth, answers = report.test.y, report.run.outputs.argmax(axis=1)
    counts = confusion(truth, answers, len(report.labels))
    yield _embedded("Budget", budget_picture(list(uses(report.verdict.footprint, report.verdict.budget))))
    title = f"int8 on TFLM, test split, n = {len(truth)}"
    yield _embedded("Confusion matrix", confusion_picture(counts, report.labels, title))
    if report.verdict.quality is not None:
        yield _embedded("Recall by class", recall_picture(report.verdict.quality.int8_recall, report.floor))
    mistakes = mistakes_picture(
        report.test.x,
        [report.labels[index] for index in truth],
        [report.labels[index] for index in answers],
    )
    if mistakes is not None:
        yield _embedded("Answered wrongly: truth → answer", mistakes)


def _embedded(caption: str, figure: Figure) -> _Picture:
    return _Picture(caption, b64encode(png(figure)).decode())
