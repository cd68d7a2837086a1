"""Stage evaluate: every test sample on the runtime that ships, against the gates."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from flashfit.data.features import load_features
from flashfit.data.samples import load_account
from flashfit.data.validation import load_validation, offence
from flashfit.footprint import uses
from flashfit.gates.answers import answers_of, choose_threshold
from flashfit.gates.assessment import quality_of
from flashfit.gates.metrics import reconstruction_errors
from flashfit.gates.notes import notes_of
from flashfit.gates.report import Report, render
from flashfit.gates.rungs import Ladder
from flashfit.gates.verdict import Verdict, judge
from flashfit.params import Product, Task
from flashfit.runtime.footprint import measured_footprint
from flashfit.runtime.operators import operators
from flashfit.runtime.tensor import Tensor, real_values
from flashfit.runtime.tflm import run_tflm
from flashfit.search.outcome import SearchOutcome
from flashfit.tflite.divergence import Decide, diverge
from tasks.paths import BuildPaths, Paths, ProductPaths
from tasks.stage import read_params, run_stage, save_json


def evaluate(product: str, target: str) -> str:
    """Measure, judge and report. A missed gate is a verdict: the stage ends well either way."""
    paths = Paths.here()
    params = read_params(paths)
    build, settings = params.build(product, target), params.product(product)
    files, prepared = paths.of_build(product, target), paths.of_product(product)
    test = load_features(prepared.features("test"))
    tflite = files.tflite.read_bytes()
    int8, float_ = run_tflm(tflite, test.x), run_tflm(files.float_tflite.read_bytes(), test.x)
    threshold = _threshold(tflite, prepared, settings)
    answers = answers_of(settings.task, test.x, int8.values, threshold)
    float_answers = answers_of(settings.task, test.x, float_.values, threshold)
    quality = quality_of(
        settings.task, settings.gates, test.y, answers, float_answers, test.groups, settings.labels, settings.unit
    )
    verdict = judge(product, target, measured_footprint(tflite, int8), build.budget, quality, settings.gates)
    divergence = diverge(tflite, test.x, files.tflite.name, decide=_decide(settings.task, threshold))
    save_json(files.verdict, verdict)
    save_json(files.divergence, divergence)
    np.savez(files.answers, id=test.ids, truth=test.y, int8=int8.outputs, float=float_.outputs)
    report = Report(
        title=settings.title,
        verdict=verdict,
        labels=settings.labels,
        test=test,
        outputs=int8.values,
        answers=answers,
        operators=operators(tflite),
        arena=int8.arena,
        gates=settings.gates,
        spec=_spec(files),
        notes=_notes(prepared),
        divergence=tuple(pair.in_words() for pair in divergence.pairs),
        ladder=Ladder.model_validate_json(files.ladder.read_bytes()),
    )
    files.report.write_text(render(report), encoding="utf-8")
    return _summary(verdict)


def _threshold(tflite: bytes, prepared: ProductPaths, product: Product) -> float | None:
    """An anomaly model's, chosen on what the int8 model answers to validation data."""
    if product.task != "anomaly":
        return None
    validation = load_features(prepared.features("validation"))
    errors = reconstruction_errors(validation.x, run_tflm(tflite, validation.x).values)
    return choose_threshold(errors, validation.y)


def _decide(task: Task, threshold: float | None) -> Decide | None:
    """What a product's users are told; a regression decides nothing: it differs by how far, and not by whether."""

    def decide(inputs: NDArray[Any], outputs: NDArray[Any], output: Tensor) -> NDArray[Any]:
        return answers_of(task, inputs, real_values(outputs, output), threshold).values

    return None if task == "regression" else decide


def _notes(prepared: ProductPaths) -> tuple[str, ...]:
    """What befell the data: skipped, repaired, and let through with a warning."""
    account, validation = load_account(prepared.samples), load_validation(prepared.validation)
    return (
        *notes_of(account),
        *(f"warning: {finding.expectation}: {offence(finding)}" for finding in validation.warnings),
        *(f"repaired: {what} ({n:,})" for what, n in validation.repairs.items() if what not in account.repairs),
    )


def _spec(files: BuildPaths) -> str:
    winner = SearchOutcome.model_validate_json(files.search_outcome.read_bytes()).winner
    return str(winner.candidate.spec) if winner else ""


def _summary(verdict: Verdict) -> str:
    used = ", ".join(str(use) for use in uses(verdict.footprint, verdict.budget))
    return f"evaluated {verdict.product}.{verdict.target}: {used}: {verdict.verdict}"


if __name__ == "__main__":
    run_stage(evaluate)
