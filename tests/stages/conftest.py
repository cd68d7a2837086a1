"""A small checkout with one product, for stages that read and write real files."""

import hashlib
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml

from tasks.paths import Paths

REPOSITORY = Path(__file__).parents[2]

TINY = {
    "title": "Three patterns, 8 × 8 pixels",
    "labels": ["a", "b", "c"],
    "expectations": {"shape": [8, 8], "range": [0, 16], "least_samples": 100},
    "split": {"by": "hash", "validation": 0.2, "test": 0.2},
    "frontend": {"kind": "image", "scale": 0.0625},
    "search": {"families": ["dense"], "trials": 2, "batch": 2, "epochs": 1},
    "train": {"epochs": 1, "patience": 1},
    "quantize": {"calibration_samples": 32},
    "gates": {"least_accuracy": 0.0, "largest_drop": 1.0},
}
BUDGET = {"flash": "64 KiB", "arena": "16 KiB", "macs": 1_000_000}


@pytest.fixture
def tiny_arrays() -> dict[str, np.ndarray]:
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


@pytest.fixture
def make_checkout(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, tiny_arrays: dict[str, np.ndarray]
) -> Callable[..., Paths]:
    """A factory: make_checkout(arrays, seed=…, budget={…}, expectations={…}, split={…}, …) gives its Paths.

    It writes tiny.npz (tiny_arrays unless arrays are given), a params.yaml with the product `tiny` and the
    build `tiny-nano33ble`, and copies of dvc.yaml, requirements.lock and deploy/targets, and goes there.
    A section given by name is merged into TINY's; one with a `kind`, and any other value, replaces it.
    """

    def make(
        arrays: dict[str, np.ndarray] = tiny_arrays,
        *,
        seed: int = 7,
        budget: dict[str, Any] = BUDGET,
        **sections: Any,
    ) -> Paths:
        np.savez(tmp_path / "tiny.npz", **arrays)
        sha256 = hashlib.sha256((tmp_path / "tiny.npz").read_bytes()).hexdigest()
        product = {**TINY, "source": {"kind": "npz", "path": "tiny.npz", "sha256": sha256}}
        for name, value in sections.items():
            merges = isinstance(value, dict) and "kind" not in value
            product[name] = {**product[name], **value} if merges else value
        build = {"product": "tiny", "target": "nano33ble", "budget": budget}
        tree = {"seed": seed, "products": {"tiny": product}, "builds": {"tiny-nano33ble": build}}
        (tmp_path / "params.yaml").write_text(yaml.safe_dump(tree, sort_keys=False), encoding="utf-8")
        for name in ("dvc.yaml", "requirements.lock"):
            shutil.copy(REPOSITORY / name, tmp_path / name)
        targets = Path("deploy") / "targets"
        shutil.copytree(REPOSITORY / targets, tmp_path / targets, dirs_exist_ok=True)
        monkeypatch.chdir(tmp_path)
        return Paths(tmp_path)

    return make
