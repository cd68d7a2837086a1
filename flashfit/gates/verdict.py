"""Footprint and quality against budget and gates, with every number."""

from collections.abc import Iterator
from typing import Literal

from pydantic import BaseModel, ConfigDict

from flashfit.footprint import Footprint, uses
from flashfit.gates.estimate import Estimate
from flashfit.gates.quality import Quality as Quality
from flashfit.gates.words import LOWER_IS_BETTER, METRIC_NAMES
from flashfit.params import Budget, Gates, Metric

FITS: Literal["FITS"] = "FITS"
DOES_NOT_FIT: Literal["DOES NOT FIT"] = "DOES NOT FIT"


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Gate(_Frozen):
    """One number against its threshold. margin: the room left, negative when missed, in the same unit.

    unit: a share is shown in per cent; a value is a plain number, or one of `symbol` (°F). low, high: the
    value's 95 % interval, where it is an estimate. The value alone decides.
    """

    name: str
    value: float
    threshold: float
    margin: float
    unit: Literal["B", "MACs", "share", "value"]
    symbol: str = ""
    low: float | None = None
    high: float | None = None

    @property
    def passed(self) -> bool:
        return self.margin >= 0

    @property
    def of_footprint(self) -> bool:
        """Whether a smaller model, and not a better one, would mend it."""
        return self.unit in ("B", "MACs")

    def shown(self, number: float) -> str:
        """A number in the gate's unit: `97.50 %`, `0.8123`, `1.62 °F`, `1,500 B`."""
        if self.unit == "share":
            return f"{100 * number:.2f} %"
        if self.unit == "value":
            return f"{number:.4g} {self.symbol}" if self.symbol else f"{number:.4f}"
        return f"{number:,.0f} {self.unit}"

    @property
    def interval_shown(self) -> str:
        """The 95 % interval, `96.10 – 98.43 %`; empty where there is none."""
        if self.low is None or self.high is None:
            return ""
        return f"{self.shown(self.low).split(' ')[0]} – {self.shown(self.high)}"

    @property
    def margin_shown(self) -> str:
        """The margin with its sign: `+1.50 points`, `-0.013`, `+500 B`."""
        if self.unit == "share":
            return f"{100 * self.margin:+.2f} points"
        if self.unit == "value":
            return f"{self.margin:+.3g} {self.symbol}".rstrip()
        return f"{self.margin:+,.0f} {self.unit}"


class Verdict(_Frozen):
    """Every gate, and the word they add up to. quality is None where nothing was trained."""

    product: str
    target: str
    verdict: Literal["FITS", "DOES NOT FIT"]
    footprint: Footprint
    budget: Budget
    quality: Quality | None
    gates: list[Gate]

    @property
    def missed(self) -> list[Gate]:
        """The gates that said no, in order."""
        return [gate for gate in self.gates if not gate.passed]


def judge(
    product: str,
    target: str,
    footprint: Footprint,
    budget: Budget,
    quality: Quality | None = None,
    gates: Gates | None = None,
) -> Verdict:
    """FITS when every gate passes. Without quality only the footprint is judged, and never FITS."""
    checks = list(_footprint_gates(footprint, budget))
    if quality is not None and gates is not None:
        checks += _quality_gates(quality, gates)
    fits = quality is not None and all(gate.passed for gate in checks)
    return Verdict(
        product=product,
        target=target,
        verdict=FITS if fits else DOES_NOT_FIT,
        footprint=footprint,
        budget=budget,
        quality=quality,
        gates=checks,
    )


def _footprint_gates(footprint: Footprint, budget: Budget) -> Iterator[Gate]:
    for use in uses(footprint, budget):
        yield Gate(
            name=use.resource,
            value=use.used,
            threshold=use.budget,
            margin=-use.over,
            unit="MACs" if use.resource == "macs" else "B",
        )


def _quality_gates(quality: Quality, gates: Gates) -> Iterator[Gate]:
    for metric, threshold in gates.thresholds.items():
        value, estimate = quality.value_of(metric), quality.estimates.get(metric)
        at_most = metric in LOWER_IS_BETTER
        yield _gate(quality, metric, f"int8 {METRIC_NAMES[metric]}", value, threshold, at_most, estimate)
    yield _drop_gate(quality, gates.largest_drop)
    if quality.task == "classification":
        for label, recall in quality.int8_recall.items():
            estimate = quality.recall_intervals.get(label)
            floor = gates.least_class_recall
            yield _gate(quality, "accuracy", f"recall of {label!r}", recall, floor, estimate=estimate)


def _drop_gate(quality: Quality, largest: float) -> Gate:
    drop = quality.float_ - quality.int8
    if quality.metric in LOWER_IS_BETTER:
        return _gate(quality, quality.metric, "rise from float", -drop, largest, at_most=True)
    return _gate(quality, quality.metric, "drop from float", drop, largest, at_most=True)


def _gate(
    quality: Quality,
    metric: Metric,
    name: str,
    value: float,
    threshold: float,
    at_most: bool = False,
    estimate: Estimate | None = None,
) -> Gate:
    return Gate(
        name=name,
        value=value,
        threshold=threshold,
        margin=_margin(threshold, value) if at_most else _margin(value, threshold),
        unit="share" if metric == "accuracy" else "value",
        symbol=quality.unit if metric == "mae" else "",
        low=estimate.low if estimate else None,
        high=estimate.high if estimate else None,
    )


def _margin(more: float, less: float) -> float:
    """Their difference, freed of the last bits, in which 0.98 - 0.96 is more than 0.02."""
    return round(more - less, 9)


def miss_line(verdict: Verdict) -> str:
    """`DOES NOT FIT  product → target: …`, each missed gate with its number, its threshold and the gap."""
    misses = "; ".join(_miss(gate) for gate in verdict.missed)
    return f"{verdict.verdict}  {verdict.product} → {verdict.target}: {misses}"


def _miss(gate: Gate) -> str:
    value = gate.shown(gate.value)
    if gate.of_footprint:
        return f"{gate.name} {value} of {gate.shown(gate.threshold)} (over by {gate.shown(-gate.margin)})"
    asked = f"{100 * gate.threshold:g} %" if gate.unit == "share" else f"{gate.threshold:g} {gate.symbol}".rstrip()
    return f"{gate.name} {value} against {asked} (missed by {gate.margin_shown.removeprefix('-')})"
