"""How a stage starts and ends as a process: arguments in, one line and an exit code out."""

import json
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from flashfit.errors import FlashfitError
from flashfit.params import Params, load_params
from flashfit.targets import check_budgets, known_targets
from tasks.paths import Paths

FAILURE_FILE = "FLASHFIT_FAILURE_FILE"
"""Environment variable: where a failing stage leaves its exit code and message for the flow."""

FOR_THE_SAME_BYTES = {
    "KERAS_BACKEND": "tensorflow",
    "CUDA_VISIBLE_DEVICES": "-1",  # the same with a graphics card as without
    "TF_ENABLE_ONEDNN_OPTS": "0",  # one order of float additions on every x86-64
    "KERAS_HOME": os.devnull,  # nobody's own keras.json
}
"""What would change a model's bytes is not left to the person's environment."""

_FOR_QUIET = {"TF_CPP_MIN_LOG_LEVEL": "3", "ABSL_MIN_LOG_LEVEL": "3"}


def read_params(paths: Paths) -> Params:
    """params.yaml of this checkout, checked against the targets that exist and what they have."""
    params = load_params(paths.params, known_targets(paths.targets))
    check_budgets(params.builds.values(), paths.targets)
    return params


def save_json(path: Path, value: BaseModel | dict[str, Any]) -> None:
    """Write a value as JSON with sorted keys: the same value gives the same bytes."""
    tree = value.model_dump(mode="json") if isinstance(value, BaseModel) else value
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(tree, indent=2, sort_keys=True, ensure_ascii=False) + "\n", encoding="utf-8")


def same_everywhere() -> None:
    """Set what this process and its children train by, before TensorFlow is there: the same bytes, and no chatter."""
    os.environ.update(FOR_THE_SAME_BYTES)
    for name, value in _FOR_QUIET.items():
        os.environ.setdefault(name, value)


def run_stage(work: Callable[..., str]) -> None:
    """Call work with the command line's arguments, print the line it returns, and exit.

    A FlashfitError becomes one line on stderr and its exit code; anything else stays a traceback,
    because it is a defect of ours.
    """
    same_everywhere()
    try:
        print(work(*sys.argv[1:]), flush=True)
    except FlashfitError as error:
        _leave_failure(error)
        print(error, file=sys.stderr, flush=True)
        sys.exit(error.exit_code)


def _leave_failure(error: FlashfitError) -> None:
    if file := os.environ.get(FAILURE_FILE):
        Path(file).write_text(json.dumps({"exit_code": error.exit_code, "message": str(error)}), encoding="utf-8")
