"""The page and its pictures, task by task."""

import re
from dataclasses import replace

import numpy as np
import pytest

from flashfit.data.features import Features
from flashfit.footprint import Footprint
from flashfit.gates.answers import answers_of
from flashfit.gates.assessment import quality_of
from flashfit.gates.pictures import mistakes_picture
from flashfit.gates.report import Report, render
from flashfit.gates.verdict import judge
from flashfit.params import Budget, Gates, Task
from flashfit.runtime.operators import Operator
from flashfit.runtime.tflm import Arena

N = 60
BUDGET = Budget(flash=1000, arena=500, macs=200)
KINDS = ("normal", "anomaly")


def report_of(
    task: Task,
    labels: tuple[str, ...],
    x: np.ndarray,
    y: np.ndarray,
    outputs: np.ndarray,
    gates: Gates,
    threshold: float | None = None,
) -> Report:
    test = Features(x, y, np.arange(len(y)).astype(str), np.repeat(np.arange(len(y) // 5), 5).astype(str))
    answers = answers_of(task, x, outputs, threshold)
    quality = quality_of(task, gates, y, answers, answers, test.groups, labels, "mm" if task == "regression" else "")
    footprint = Footprint(flash_bytes=900, arena_bytes=400, macs=150, source="measured")
    return Report(
        title="A <product>",
        verdict=judge("tiny", "board", footprint, BUDGET, quality, gates),
        labels=labels,
        test=test,
        outputs=outputs,
        answers=answers,
        operators=(Operator("CONV_2D", 100), Operator("CONV_2D", 50)),
        arena=Arena(400, 300, 100),
        gates=gates,
        spec="conv 8",
        notes=("1 file skipped: a.wav (empty)",),
    )


def classification(labels: tuple[str, ...], shape: tuple[int, ...] = (8, 8, 1)) -> Report:
    y = np.arange(N) % len(labels)
    outputs = np.random.default_rng(0).random((N, len(labels))).astype(np.float32)
    outputs[np.arange(N), y] += 0.7
    x = np.zeros((N, *shape), dtype=np.float32)
    return report_of(
        "classification", labels, x, y, outputs / outputs.sum(axis=1, keepdims=True), Gates(least_accuracy=0.5)
    )


def anomaly(shape: tuple[int, ...], y: np.ndarray, gates: Gates) -> Report:
    x = np.random.default_rng(0).normal(size=(N, *shape)).astype(np.float32)
    outputs = x.reshape(N, -1) * (1 + 0.2 * y[:, None]).astype(np.float32) + np.float32(0.05)
    return report_of("anomaly", KINDS, x, y, outputs, gates, threshold=0.01)


def regression() -> Report:
    y = np.sin(np.arange(N) / 5).astype(np.float32)
    outputs = (y + 0.1 * np.cos(np.arange(N))).astype(np.float32)[:, None]
    return report_of(
        "regression", (), np.zeros((N, 6, 1, 1), np.float32), y, outputs, Gates(metric="mae", most_mae=0.1)
    )


BOTH = np.arange(N) % 2
AUC = Gates(metric="auc", least_auc=0.5)


@pytest.mark.parametrize(
    ("report", "captions"),
    [
        (classification(("a", "b", "c")), ["Confusion", "Recall", "Answered wrongly", "Budget"]),
        (classification(("a", "b", "c"), (1, 1, 9)), ["Confusion", "Recall", "Budget"]),
        (classification(("ham", "spam"), (1, 1, 9)), ["Confusion", "Recall", "ROC", "Shares", "Budget"]),
        (anomaly((16, 1, 5), BOTH, AUC), ["Confusion", "Recall", "ROC", "Errors", "Inputs and", "Budget"]),
        (anomaly((8, 8, 3), BOTH, AUC), ["Confusion", "Recall", "ROC", "Errors", "Inputs and", "Budget"]),
        (anomaly((1, 1, 9), BOTH, AUC), ["Confusion", "Recall", "ROC", "Errors", "Inputs and", "Budget"]),
        (regression(), ["Truth and answers", "Residuals", "Budget"]),
    ],
    ids=["classes", "vectors", "two-classes", "curves", "pictures", "anomaly-vectors", "regression"],
)
def test_each_task_has_its_pictures(report: Report, captions: list[str]) -> None:
    page = render(report)
    shown = re.findall(r"<figcaption>(.*?)</figcaption>", page)
    assert len(shown) == page.count("data:image/png;base64,") == len(captions)
    assert all(caption.startswith(start) for caption, start in zip(shown, captions, strict=True))


def test_the_page_is_the_same_for_the_same_report() -> None:
    assert render(regression()) == render(regression())


def test_the_page_tells_every_metric_and_gate_with_its_interval() -> None:
    report = regression()
    quality, page = report.verdict.quality, render(report)
    assert quality is not None
    estimate = quality.estimates["mae"]
    assert f'<td>MAE</td><td class="number">{estimate.value:.3g} mm</td>' in page
    assert f"{estimate.low:.3g} – {estimate.high:.3g} mm" in page
    for gate in report.verdict.gates:
        assert gate.name in page
        assert gate.interval_shown in page


def test_the_page_tells_what_lacks_evidence_and_what_would_be_enough() -> None:
    report = classification(("a", "b", "c"))
    (gate,) = report.verdict.open
    page = render(report)
    assert '<span class="verdict open">NOT ENOUGH EVIDENCE</span>' in page
    assert f"not enough evidence: about {gate.enough:,} samples would be enough" in page
    assert f'<td class="quiet">{gate.method}</td>' in page
    assert "A drop is decided by its interval, every other gate by its value." in page


def test_the_page_tells_what_was_skipped_and_escapes_it() -> None:
    page = render(classification(("a", "b", "c")))
    assert "<li>1 file skipped: a.wav (empty)</li>" in page
    assert "A &lt;product&gt;" in page


def test_the_page_tells_an_anomaly_models_threshold() -> None:
    assert "reconstruction error is above 0.01" in render(anomaly((16, 1, 5), BOTH, AUC))


def test_right_answers_and_vectors_have_no_picture_of_mistakes() -> None:
    pictures, vectors = np.zeros((2, 8, 8, 1), np.float32), np.zeros((2, 1, 1, 8), np.float32)
    assert mistakes_picture(pictures, ["a", "b"], ["a", "b"]) is None
    assert mistakes_picture(vectors, ["a", "b"], ["b", "a"]) is None
    assert mistakes_picture(pictures, ["a", "b"], ["b", "b"]) is not None


def test_desk_runtimes_stand_on_the_page_where_they_were_compared() -> None:
    report = classification(("a", "b"))
    assert "On the desk" not in render(report)
    assert "7 of 60 answers flipped" in render(
        replace(report, divergence=("TFLM and LiteRT: 7 of 60 answers flipped",))
    )
