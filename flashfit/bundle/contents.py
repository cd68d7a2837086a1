"""Every file of a bundle but its manifest: from values alone, so that equal inputs give equal bytes."""

from dataclasses import dataclass
from hashlib import sha256
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined

from flashfit.bundle.arena import arena_size
from flashfit.bundle.c_names import c_float, c_string, c_type, hex_byte, identifier, resolver_call
from flashfit.gates.verdict import Verdict
from flashfit.gates.words import METRIC_NAMES, interval_shown, shown
from flashfit.runtime.tflm import Tensor
from flashfit.targets import Target

_RENDERED = ("model_data.h", "model_data.cc", "model_ops.h", "model_settings.h", "MODEL_CARD.md")


@dataclass(frozen=True)
class Model:
    """What a bundle is made of. operators: distinct names, sorted. frontend: in words. threshold: of anomalies.

    divergence: in words, of TFLM and each runtime it was compared with.
    """

    name: str
    title: str
    tflite: bytes
    operators: tuple[str, ...]
    input: Tensor
    output: Tensor
    labels: tuple[str, ...]
    spec: str
    frontend: str
    threshold: float | None
    verdict: Verdict
    divergence: tuple[str, ...]
    target: Target


def contents(model: Model) -> dict[str, bytes]:
    """File name to bytes: the model, its C++ sources, its labels, its card and its verdict."""
    environment, values = _environment(), _values(model)
    rendered = {name: environment.get_template(f"{name}.j2").render(values).encode() for name in _RENDERED}
    return {
        "model.tflite": model.tflite,
        **({"labels.txt": "".join(f"{label}\n" for label in model.labels).encode()} if model.labels else {}),
        "verdict.json": (model.verdict.model_dump_json(indent=2) + "\n").encode(),
        **rendered,
    }


def _values(model: Model) -> dict[str, Any]:
    return {
        "name": model.name,
        "title": model.title,
        "namespace": identifier(model.name),
        "guard": f"FLASHFIT_{identifier(model.name).upper()}",
        "model_sha256": sha256(model.tflite).hexdigest(),
        "model_bytes": list(model.tflite),
        "operators": model.operators,
        "resolver_calls": [resolver_call(operator) for operator in model.operators],
        "arena": arena_size(model.verdict.footprint.arena_bytes, model.target.kernels),
        "input": model.input,
        "output": model.output,
        "labels": model.labels,
        "meaning": _meaning(model),
        "spec": model.spec,
        "frontend": model.frontend,
        "threshold": model.threshold,
        "metrics": _metric_rows(model.verdict),
        "verdict": model.verdict,
        "divergence": model.divergence,
        "board": model.target.board,
        "core": model.target.core,
        "clock_hz": model.target.clock_hz,
    }


def _meaning(model: Model) -> str:
    """What the outputs say."""
    quality = model.verdict.quality
    if quality is None or quality.task == "classification":
        return "one share a label, in the order of `labels.txt`"
    if quality.task == "regression":
        return f"the answer{f', in {quality.unit}' if quality.unit else ''}"
    return "the input over again; what is far from it is anomalous, see `kAnomalyThreshold`"


def _metric_rows(verdict: Verdict) -> list[tuple[str, str, str, str]]:
    """Name, int8, its 95 % interval, float."""
    quality = verdict.quality
    if quality is None:
        return []
    return [
        (
            METRIC_NAMES[metric],
            shown(metric, estimate.value, quality.unit),
            interval_shown(metric, estimate, quality.unit),
            shown(metric, quality.float_estimates[metric].value, quality.unit),
        )
        for metric, estimate in quality.estimates.items()
    ]


def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("flashfit.bundle"),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        autoescape=False,  # C++ and Markdown, not HTML
    )
    environment.filters.update(c_float=c_float, c_string=c_string, c_type=c_type, hex_byte=hex_byte)
    return environment
