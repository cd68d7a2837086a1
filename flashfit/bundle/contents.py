"""Every file of a bundle but its manifest: from values alone, so that equal inputs give equal bytes."""

from dataclasses import dataclass
from hashlib import sha256
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined

from flashfit.bundle.arena import arena_size
from flashfit.bundle.c_names import c_float, c_string, hex_byte, identifier, resolver_call
from flashfit.gates.verdict import Verdict
from flashfit.runtime.tflm import Tensor
from flashfit.targets import Target

_RENDERED = ("model_data.h", "model_data.cc", "model_ops.h", "model_settings.h", "MODEL_CARD.md")


@dataclass(frozen=True)
class Model:
    """What a bundle is made of. operators: distinct names, sorted. frontend: in words."""

    name: str
    title: str
    tflite: bytes
    operators: tuple[str, ...]
    input: Tensor
    output: Tensor
    labels: tuple[str, ...]
    spec: str
    frontend: str
    verdict: Verdict
    target: Target


def contents(model: Model) -> dict[str, bytes]:
    """File name to bytes: the model, its C++ sources, its labels, its card and its verdict."""
    environment, values = _environment(), _values(model)
    rendered = {name: environment.get_template(f"{name}.j2").render(values).encode() for name in _RENDERED}
    return {
        "model.tflite": model.tflite,
        "labels.txt": "".join(f"{label}\n" for label in model.labels).encode(),
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
        "spec": model.spec,
        "frontend": model.frontend,
        "verdict": model.verdict,
        "board": model.target.board,
        "core": model.target.core,
        "clock_hz": model.target.clock_hz,
    }


def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("flashfit.bundle"),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        autoescape=False,  # C++ and Markdown, not HTML
    )
    environment.filters.update(c_float=c_float, c_string=c_string, hex_byte=hex_byte)
    return environment
