"""How a build ended, in the lines that stay on the screen."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from flashfit.gates.verdict import FITS, Verdict, miss_line
from flashfit.gates.words import METRIC_NAMES, shown
from flashfit.params import Build

if TYPE_CHECKING:
    from tasks.verdict import Standing

_KIB = 1024


def ending(standing: "Standing", next_step: str) -> Iterator[str]:
    """The verdict with its figures, then where the bundle is registered, or what to try."""
    verdict = standing.verdict
    if verdict is None:
        yield f"NO VERDICT YET  {standing.build.product} → {standing.build.target}"
    elif verdict.verdict == FITS:
        yield _figures(verdict)
        yield _registered(standing, next_step)
        yield from standing.published.notes if standing.published else ()
    else:
        yield miss_line(verdict)
        yield f"              try: {_remedy(verdict, standing.build)}"


def _figures(verdict: Verdict) -> str:
    footprint, budget, quality = verdict.footprint, verdict.budget, verdict.quality
    parts = [
        f"{verdict.product} → {verdict.target}",
        f"flash {footprint.flash_bytes / _KIB:.1f} / {budget.flash / _KIB:g} KiB",
        f"arena {footprint.arena_bytes / _KIB:.1f} / {budget.arena / _KIB:g} KiB",
    ]
    if quality is not None:
        name = "" if quality.metric == "accuracy" else f" {METRIC_NAMES[quality.metric]}"
        int8 = shown(quality.metric, quality.int8, quality.unit)
        parts.append(f"int8{name} {int8} (float {shown(quality.metric, quality.float_, quality.unit)})")
    return "   ".join([*parts, verdict.verdict])


def _registered(standing: "Standing", next_step: str) -> str:
    published, name = standing.published, standing.build.registered_name
    if published is None:
        return f"{name} is not registered   next: flashfit build {standing.build.product}"
    version = f"registered {name} version {published.version} @{published.alias}"
    return f"{version}   bundle sha256:{published.bundle_sha256}   next: {next_step}"


def _remedy(verdict: Verdict, build: Build) -> str:
    """What to change in params.yaml: the first missed gate's budget, how long to search, what is held out."""
    again = f"in params.yaml, then flashfit build {build.product} --target {build.target}"
    if not verdict.missed:
        product = f"products.{build.product}"
        return f"more samples, or more of them in {product}.split.test, or {product}.gates.evidence: point {again}"
    gate = verdict.missed[0]
    if not gate.of_footprint:
        return f"more products.{build.product}.search.trials {again}"
    room = f"{gate.value:.0f}" if gate.unit == "MACs" else f"{-(-gate.value // _KIB):.0f} KiB"
    return f"builds.{build.name}.budget.{gate.name}: {room} {again}"
