"""A small checkout with one product that trains in seconds, for tests that read and write real files."""

import hashlib
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml
from filelock import FileLock

from tasks.paths import Paths

REPOSITORY = Path(__file__).parents[1]

TINY = {
    "title": "Three patterns, 8 × 8 pixels",
    "task": "classification",
    "labels": ["a", "b", "c"],
    "unit": "",
    "expectations": {"shape": [8, 8], "range": [0, 16], "least_samples": 100},
    "split": {"by": "hash", "validation": 0.2, "test": 0.2},
    "frontend": {"kind": "image", "scale": 0.0625},
    "augment": {"copies": 0},
    "search": {"families": ["dense"], "trials": 2, "batch": 2, "epochs": 1},
    "train": {"epochs": 1, "patience": 1, "balance": False},
    "quantize": {"calibration_samples": 32},
    "gates": {"metric": "accuracy", "least_accuracy": 0.0, "largest_drop": 1.0},
}
BUDGET = {"flash": "64 KiB", "arena": "16 KiB", "macs": 1_000_000}
_CODE = ("flashfit", "tasks", "flows", "deploy")
_FILES = ("dvc.yaml", "requirements.lock", ".dvcignore", ".dvc/config")


def three_patterns() -> dict[str, np.ndarray]:
    """150 pictures of three classes: x (150, 8, 8) float32 of 0..16, bright in the rows of their class."""
    random = np.random.default_rng(0)
    kind = np.arange(150) % 3
    x = random.uniform(0, 4, (150, 8, 8)).astype(np.float32)
    for number, sample in enumerate(x):
        sample[2 * kind[number] : 2 * kind[number] + 3] += 12
    return {
        "x": x,
        "label": np.array(["a", "b", "c"])[kind],
        "id": np.array([f"tiny-{number:03d}" for number in range(150)]),
    }


def write_checkout(folder: Path, arrays: Mapping[str, np.ndarray], **sections: Any) -> Paths:
    """A whole checkout in folder, its code included, with the product `tiny` and the build `tiny-nano33ble`.

    sections: `seed`, `budget`, and the product's sections by name. A section is merged into TINY's; one
    with a `kind`, and any other value, replaces it.
    """
    folder.mkdir(exist_ok=True)
    for name in _CODE:
        ignored = shutil.ignore_patterns("__pycache__")
        shutil.copytree(REPOSITORY / name, folder / name, ignore=ignored, dirs_exist_ok=True)
    for name in _FILES:
        (folder / name).parent.mkdir(exist_ok=True)
        shutil.copy(REPOSITORY / name, folder / name)
    (folder / ".dvc" / "config.local").write_text("[core]\n    no_scm = true\n", encoding="utf-8")
    write_params(folder, arrays, **sections)
    return Paths(folder)


def write_params(folder: Path, arrays: Mapping[str, np.ndarray], **sections: Any) -> None:
    """tiny.npz and params.yaml alone; see write_checkout."""
    np.savez(folder / "tiny.npz", **arrays)
    sha256 = hashlib.sha256((folder / "tiny.npz").read_bytes()).hexdigest()
    seed, budget = sections.pop("seed", 7), sections.pop("budget", BUDGET)
    product: dict[str, Any] = {**TINY, "source": {"kind": "npz", "path": "tiny.npz", "sha256": sha256}}
    for name, value in sections.items():
        merges = isinstance(value, dict) and "kind" not in value
        product[name] = {**product[name], **value} if merges else value
    build = {"product": "tiny", "target": "nano33ble", "budget": budget}
    tree = {"seed": seed, "products": {"tiny": product}, "builds": {"tiny-nano33ble": build}}
    (folder / "params.yaml").write_text(yaml.safe_dump(tree, sort_keys=False), encoding="utf-8")


def run_in(folder: Path, *command: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """A command as a person types it in a checkout, with our environment's tools first and nobody's servers."""
    quiet = {key: value for key, value in os.environ.items() if key not in ("MLFLOW_TRACKING_URI", "PREFECT_API_URL")}
    tools = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    return subprocess.run(
        command,
        cwd=folder,
        env={**quiet, "PATH": tools, "PYTHONPATH": str(folder), "DVC_NO_ANALYTICS": "1", **environment},
        capture_output=True,
        text=True,
        timeout=570,
    )


Run = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def tiny_arrays() -> dict[str, np.ndarray]:
    """What three_patterns gives, for tests that spoil it."""
    return three_patterns()


@pytest.fixture
def make_checkout(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, tiny_arrays: dict[str, np.ndarray]
) -> Callable[..., Paths]:
    """A factory: make_checkout(arrays, seed=…, budget={…}, split={…}, …) writes a checkout and goes there."""

    def make(arrays: dict[str, np.ndarray] = tiny_arrays, **sections: Any) -> Paths:
        paths = write_checkout(tmp_path, arrays, **sections)
        monkeypatch.chdir(tmp_path)
        return paths

    return make


@pytest.fixture(scope="session")
def checkout_writer() -> Callable[..., Paths]:
    """write_checkout with tiny's pictures: checkout_writer(folder, **sections)."""
    return lambda folder, **sections: write_checkout(folder, three_patterns(), **sections)


@pytest.fixture(scope="session")
def run() -> Run:
    """run_in."""
    return run_in


@pytest.fixture(scope="session")
def line(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> Paths:
    """A tiny checkout that `dvc repro` took from data to bundle, once for all tests and workers: only read it."""
    base = tmp_path_factory.getbasetemp()
    folder = (base if worker_id == "master" else base.parent) / "line"
    with FileLock(folder.with_suffix(".lock")):
        paths = Paths(folder)
        if not (folder / "done").exists():
            write_checkout(folder, three_patterns())
            done = run_in(folder, "dvc", "repro")
            assert done.returncode == 0, done.stdout + done.stderr
            (folder / "done").touch()
    return paths
