"""Stage evaluate: every test sample on the runtime that ships, against the gates."""

import numpy as np

from flashfit.data.features import Features, load_features
from flashfit.footprint import uses
from flashfit.gates.metrics import accuracy, confusion, recall_by_class
from flashfit.gates.report import Report, render
from flashfit.gates.verdict import Quality, Verdict, judge
from flashfit.runtime.footprint import measured_footprint
from flashfit.runtime.operators import operators
from flashfit.runtime.tflm import TflmRun, run_tflm
from flashfit.search.outcome import SearchOutcome
from tasks.paths import BuildPaths, Paths
from tasks.stage import read_params, run_stage, save_json


def evaluate(product: str, target: str) -> str:
    """Measure, judge and report. A missed gate is a verdict: the stage ends well either way."""
    paths = Paths.here()
    params = read_params(paths)
    build, settings = params.build(product, target), params.product(product)
    files = paths.of_build(product, target)
    test = load_features(paths.of_product(product).features("test"))
    tflite = files.tflite.read_bytes()
    int8, float_ = run_tflm(tflite, test.x), run_tflm(files.float_tflite.read_bytes(), test.x)
    verdict = judge(
        product,
        target,
        measured_footprint(tflite, int8),
        build.budget,
        _quality(test, int8, float_, settings.labels),
        settings.gates,
    )
    save_json(files.verdict, verdict)
    np.savez(files.answers, id=test.ids, truth=test.y, int8=int8.outputs, float=float_.outputs)
    report = Report(
        title=settings.title,
        verdict=verdict,
        labels=settings.labels,
        test=test,
        run=int8,
        operators=operators(tflite),
        floor=settings.gates.least_class_recall,
        spec=_spec(files),
    )
    files.report.write_text(render(report), encoding="utf-8")
    return _summary(verdict)


def _quality(test: Features, int8: TflmRun, float_: TflmRun, labels: tuple[str, ...]) -> Quality:
    answers = int8.outputs.argmax(axis=1)
    recalls = recall_by_class(confusion(test.y, answers, len(labels)))
    return Quality(
        int8=accuracy(test.y, answers),
        float_=accuracy(test.y, float_.outputs.argmax(axis=1)),
        int8_recall={label: float(recall) for label, recall in zip(labels, recalls, strict=True)},
        n=len(test),
    )


def _spec(files: BuildPaths) -> str:
    winner = SearchOutcome.model_validate_json(files.search_outcome.read_bytes()).winner
    return str(winner.candidate.spec) if winner else ""


def _summary(verdict: Verdict) -> str:
    used = ", ".join(str(use) for use in uses(verdict.footprint, verdict.budget))
    return f"evaluated {verdict.product}.{verdict.target}: {used}: {verdict.verdict}"


if __name__ == "__main__":
    run_stage(evaluate)
