"""Every product that comes with flashfit, built and put into one table: python -m benchmarks.products [NAME …]

Goes on where it was ended: what is up to date is not built again. Data come from FLASHFIT_MIRROR or the
catalogue's origin.
"""

import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import yaml

from benchmarks.leave_one_group_out import LeftOut
from benchmarks.measured import place_of
from benchmarks.transfer import Transfer
from flashfit.gates.estimate import Estimate
from flashfit.gates.verdict import Gate, Quality, Verdict
from flashfit.gates.words import METRIC_NAMES, interval_shown, shown
from flashfit.params import Build
from tasks.paths import Paths
from tasks.shipped import shipped
from tasks.stage import read_params
from tasks.verdict import read_verdict

PAGE = Path("docs") / "products.md"
_ALWAYS = "digits"
_LEFT_OUT = ("spoken-digits", "nano33ble")
_TRANSFER = ("fashion", "nano33ble")
_HEAD = """# What the products reach

int8 on TFLM, on test splits that share no speaker, person, signer or stretch of time with training; the interval is
95 %. Measured by `make products` on {cores} cores. What was chosen by looking at a test split is said below.

| product → target | asked for | int8 | interval | float | flash | arena | test samples | verdict |
|---|---|---|---|---|---|---|---|---|
"""


def main(names: Sequence[str]) -> None:
    """Build the named products, or all, and measure what one split cannot say; the page has what there is."""
    paths = Paths.here()
    for name in names or (_ALWAYS, *sorted(shipped(paths.products), key=lambda name: _has_backbone(paths, name))):
        print(f"── {name}", flush=True)
        if _fetched(paths, name):
            subprocess.run(["flashfit", "build", name], check=False)
            _measure_more(name)
        _write_page(paths)


def _measure_more(name: str) -> None:
    for benchmark, (product, target) in (("leave_one_group_out", _LEFT_OUT), ("transfer", _TRANSFER)):
        if product == name:
            subprocess.run([sys.executable, "-m", f"benchmarks.{benchmark}", product, target], check=False)


def _has_backbone(paths: Paths, name: str) -> bool:
    """Such a product waits for the others: its backbone may be one of them."""
    return "backbone" in _section(paths, name)["search"]


def _fetched(paths: Paths, name: str) -> bool:
    """Bring a product's data where they are missing; False where that failed, which it said."""
    dataset = _dataset_of(paths, name)
    if dataset is None or paths.dataset(dataset).exists():
        return True
    return subprocess.run(["flashfit", "data", "fetch", dataset], check=False).returncode == 0


def _dataset_of(paths: Paths, name: str) -> str | None:
    if not (paths.products / f"{name}.yaml").is_file():
        return None
    source = paths.root / _section(paths, name)["source"]["path"]
    known = [folder.name for folder in (source, *source.parents) if folder.parent == paths.datasets]
    return known[0] if known else None


def _section(paths: Paths, name: str) -> dict[str, Any]:
    tree = yaml.safe_load((paths.products / f"{name}.yaml").read_text(encoding="utf-8"))
    section: dict[str, Any] = tree["products"][name]
    return section


def _write_page(paths: Paths) -> None:
    params = read_params(paths)
    rows = []
    for build in params.builds.values():
        verdict = read_verdict(paths.of_build(build.product, build.target), build)
        if verdict is not None:
            rows.append(_row(build, verdict))
    page = paths.root / PAGE
    notes = page.read_text(encoding="utf-8").partition("\n## ") if page.is_file() else ("", "", "")
    table = _HEAD.format(cores=os.cpu_count()) + "\n".join([*rows, *_left_out(paths), *_transfer(paths)]) + "\n"
    page.write_text(table + notes[1] + notes[2], encoding="utf-8")


def _left_out(paths: Paths) -> Iterator[str]:
    place = place_of(paths, *_LEFT_OUT, "leave_one_group_out")
    if place.is_file():
        found = LeftOut.model_validate_json(place.read_bytes())
        folds = ", ".join(f"{group} {100 * share:.1f}" for group, share in found.int8.items())
        yield (
            f"\n**{found.product}, each of {len(found.int8)} speakers left out in turn**: int8 accuracy"
            f" {100 * found.int8_mean:.1f} % on average (float {100 * found.float_mean:.1f} %): {folds}."
        )


def _transfer(paths: Paths) -> Iterator[str]:
    place = place_of(paths, *_TRANSFER, "transfer")
    if place.is_file():
        found = Transfer.model_validate_json(place.read_bytes())
        on_backbone, from_scratch = (100 * sum(shares) / len(shares) for shares in (found.backbone, found.scratch))
        yield (
            f"\n**{found.product}, the same network with its backbone's weights and from scratch**,"
            f" {len(found.backbone)} seeds, int8, {found.samples} test samples: {on_backbone:.1f} % and"
            f" {from_scratch:.1f} %; the gain is {100 * found.gain:+.1f} points, 95 % interval"
            f" {100 * found.low:+.1f} to {100 * found.high:+.1f} (paired t)."
        )


def _row(build: Build, verdict: Verdict) -> str:
    footprint, budget, quality = verdict.footprint, verdict.budget, verdict.quality
    cells = [
        f"{build.product} → {build.target}",
        ", ".join(_asked(gate, quality) for gate in verdict.gates if _is_of_quality(gate)) or "",
        "" if quality is None else _estimates(quality),
        "" if quality is None else _intervals(quality),
        "" if quality is None else shown(quality.metric, quality.float_, quality.unit),
        f"{footprint.flash_bytes / 1024:.1f} / {budget.flash / 1024:g} KiB",
        f"{footprint.arena_bytes / 1024:.1f} / {budget.arena / 1024:g} KiB",
        "" if quality is None else f"{quality.n:,}",
        verdict.verdict,
    ]
    return f"| {' | '.join(cells)} |"


def _is_of_quality(gate: Gate) -> bool:
    return gate.name.startswith("int8 ")


def _asked(gate: Gate, quality: Quality | None) -> str:
    value = f"{100 * gate.threshold:g} %" if gate.unit == "share" else f"{gate.threshold:g}"
    bound = "≤" if quality is not None and quality.metric == "mae" and "MAE" in gate.name else "≥"
    return f"{gate.name.removeprefix('int8 ')} {bound} {value}"


def _estimates(quality: Quality) -> str:
    return ", ".join(
        f"{METRIC_NAMES[metric]} {shown(metric, estimate.value, quality.unit)}"
        for metric, estimate in quality.estimates.items()
    )


def _intervals(quality: Quality) -> str:
    first: Estimate = quality.estimates[quality.metric]
    return interval_shown(quality.metric, first, quality.unit)


if __name__ == "__main__":
    main(sys.argv[1:])
