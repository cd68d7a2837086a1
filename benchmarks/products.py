"""Every product that comes with flashfit, built and put into one table: python -m benchmarks.products [NAME …]

Goes on where it was ended: what is up to date is not built again. Data come from FLASHFIT_MIRROR or the
catalogue's origin.
"""

import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import yaml

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
_HEAD = """# What the products reach

int8 on TFLM, on test splits that share no speaker, person, signer or stretch of time with training; the interval is
95 %. Measured by `make products` on {cores} cores. Nothing was tuned on a test split.

| product → target | asked for | int8 | interval | float | flash | arena | test samples | verdict |
|---|---|---|---|---|---|---|---|---|
"""


def main(names: Sequence[str]) -> None:
    """Build the named products, or all, then write the page from every verdict there is."""
    paths = Paths.here()
    for name in names or (_ALWAYS, *shipped(paths.products)):
        print(f"── {name}", flush=True)
        if _fetched(paths, name):
            subprocess.run(["flashfit", "build", name], check=False)
    _write_page(paths)


def _fetched(paths: Paths, name: str) -> bool:
    """Bring a product's data where they are missing; False where that failed, which it said."""
    dataset = _dataset_of(paths, name)
    if dataset is None or paths.dataset(dataset).exists():
        return True
    return subprocess.run(["flashfit", "data", "fetch", dataset], check=False).returncode == 0


def _dataset_of(paths: Paths, name: str) -> str | None:
    file = paths.products / f"{name}.yaml"
    if not file.is_file():
        return None
    source = Path(yaml.safe_load(file.read_text(encoding="utf-8"))["products"][name]["source"]["path"])
    return source.name if (paths.root / source).parent == paths.datasets else None


def _write_page(paths: Paths) -> None:
    params = read_params(paths)
    rows = []
    for build in params.builds.values():
        verdict = read_verdict(paths.of_build(build.product, build.target), build)
        if verdict is not None:
            rows.append(_row(build, verdict))
    page = paths.root / PAGE
    notes = page.read_text(encoding="utf-8").partition("\n## ") if page.is_file() else ("", "", "")
    table = _HEAD.format(cores=os.cpu_count()) + "\n".join(rows) + "\n"
    page.write_text(table + notes[1] + notes[2], encoding="utf-8")
    print(table)


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
