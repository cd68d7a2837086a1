"""What a product asks of a model's answers, and what the evidence says to each of it."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from flashfit.gates.estimate import Drop, Estimate
from flashfit.gates.evidence import LEVEL, REFUSAL, chance_of, enough_for, holm
from flashfit.gates.gate import Gate
from flashfit.gates.quality import Quality
from flashfit.gates.words import LOWER_IS_BETTER, METRIC_NAMES
from flashfit.params import Evidence, Gates, Metric

_DECIDED: dict[Evidence, tuple[Evidence, ...]] = {
    "point": (),
    "paired": ("paired",),
    "interval": ("paired", "interval"),
}
"""Which kinds of claims evidence decides, by what the product asks for."""


def quality_gates(quality: Quality, gates: Gates) -> list[Gate]:
    """In order; the claims among them that evidence decides are weighed together."""
    claims = list(_claims(quality, gates))
    decided = _DECIDED[gates.evidence]
    weighed = iter(_weighed([claim for claim in claims if claim.kind in decided]))
    return [next(weighed) if claim.kind in decided else claim.gate for claim in claims]


def drop_gate(name: str, drop: Drop, quality: Quality, gates: Gates) -> Gate:
    """The gate on how much worse than another model this one is, `name` saying which."""
    claim = _drop_claim(name, drop, quality, gates)
    return claim.gate if gates.evidence == "point" else _weighed([claim], drop.level)[0]


@dataclass(frozen=True)
class _Claim:
    """A gate that the value alone has decided, and what evidence says.

    kind: what a product must at least ask for, so that evidence decides instead (`point`: it never does). proven:
    the interval lies on the right side. chance: how often a model that is as good as asked looks as bad.
    """

    gate: Gate
    kind: Evidence
    proven: bool = False
    chance: float = 1.0
    enough: int | None = None


def _weighed(claims: Sequence[_Claim], level: float = LEVEL) -> list[Gate]:
    """The gates as evidence decides them together.

    A verdict passes only if all are proven, so each may err as rarely as the verdict may. It refuses if one is
    refused, so the refusals are Holm's, of REFUSAL's part of the level.
    """
    refused = holm([claim.chance for claim in claims], REFUSAL * level)
    opened = [not (claim.proven or (no and claim.gate.missed)) for claim, no in zip(claims, refused, strict=True)]
    return [
        claim.gate.model_copy(update={"open": True, "enough": claim.enough}) if undecided else claim.gate
        for claim, undecided in zip(claims, opened, strict=True)
    ]


def _claims(quality: Quality, gates: Gates) -> Iterator[_Claim]:
    for metric, threshold in gates.thresholds.items():
        value, estimate = quality.value_of(metric), quality.estimates.get(metric)
        yield _floor_claim(quality, metric, f"int8 {METRIC_NAMES[metric]}", value, threshold, estimate)
    if quality.drop is not None:
        yield _drop_claim("float", quality.drop, quality, gates)
    else:
        yield _Claim(_drop_gate("float", _drop(quality), None, quality, gates), "point")
    if quality.task == "classification":
        for label, recall in quality.int8_recall.items():
            estimate = quality.recall_intervals.get(label)
            yield _floor_claim(quality, "accuracy", f"recall of {label!r}", recall, gates.least_class_recall, estimate)


def _floor_claim(
    quality: Quality, metric: Metric, name: str, value: float, threshold: float, estimate: Estimate | None
) -> _Claim:
    at_most = metric in LOWER_IS_BETTER
    gate = _gate(quality, metric, name, value, threshold, at_most, estimate)
    if estimate is None or (threshold == 0 and not at_most):
        return _Claim(gate, "point")
    best, worst = (estimate.low, estimate.high) if at_most else (estimate.high, estimate.low)
    toward = worst if gate.passed else best
    return _Claim(
        gate,
        "interval",
        proven=_margin(threshold, worst) >= 0 if at_most else _margin(worst, threshold) >= 0,
        chance=chance_of(value, best, threshold) if gate.missed else 1.0,
        enough=enough_for(estimate.n, value, toward, threshold) if estimate.n else None,
    )


def _drop_claim(other: str, drop: Drop, quality: Quality, gates: Gates) -> _Claim:
    return _Claim(
        _drop_gate(other, drop.value, drop, quality, gates),
        "paired",
        proven=_margin(gates.largest_drop, drop.high) >= 0,
        chance=drop.p if drop.low > 0 else 1.0,
        enough=drop.enough,
    )


def _drop_gate(other: str, value: float, drop: Drop | None, quality: Quality, gates: Gates) -> Gate:
    word = "rise" if quality.metric in LOWER_IS_BETTER else "drop"
    estimate = Estimate(drop.value, drop.low, drop.high, drop.n, drop.method) if drop else None
    return _gate(quality, quality.metric, f"{word} from {other}", value, gates.largest_drop, True, estimate)


def _drop(quality: Quality) -> float:
    drop = quality.float_ - quality.int8
    return -drop if quality.metric in LOWER_IS_BETTER else drop


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
        n=estimate.n if estimate else None,
        method=estimate.method if estimate else "",
    )


def _margin(more: float, less: float) -> float:
    """Their difference, freed of the last bits, in which 0.98 - 0.96 is more than 0.02."""
    return round(more - less, 9)
