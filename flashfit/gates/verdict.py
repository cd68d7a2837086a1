"""Footprint and quality against budget and gates, with every number."""

from collections.abc import Iterator
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from flashfit.footprint import Footprint, uses
from flashfit.params import Budget, Gates

FITS: Literal["FITS"] = "FITS"
DOES_NOT_FIT: Literal["DOES NOT FIT"] = "DOES NOT FIT"


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Quality(_Frozen):
    """Shares of the test split answered rightly, and recall by label, as TFLM answers. n: test samples."""

    model_config = ConfigDict(validate_by_name=True, validate_by_alias=True, serialize_by_alias=True)

    metric: Literal["accuracy"] = "accuracy"
    int8: float
    float_: float = Field(alias="float")
    int8_recall: dict[str, float]
    n: int


class Gate(_Frozen):
    """One number against its threshold. margin: the room left, negative when missed, in the same unit."""

    name: str
    value: float
    threshold: float
    margin: float
    unit: Literal["B", "MACs", "share"]

    @property
    def passed(self) -> bool:
        return self.margin >= 0


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
    drop = quality.float_ - quality.int8
    yield _at_least("int8 accuracy", quality.int8, gates.least_accuracy)
    yield Gate(
        name="drop from float",
        value=drop,
        threshold=gates.largest_drop,
        margin=_margin(gates.largest_drop, drop),
        unit="share",
    )
    for label, recall in quality.int8_recall.items():
        yield _at_least(f"recall of {label!r}", recall, gates.least_class_recall)


def _at_least(name: str, value: float, threshold: float) -> Gate:
    return Gate(name=name, value=value, threshold=threshold, margin=_margin(value, threshold), unit="share")


def _margin(more: float, less: float) -> float:
    """Their difference, freed of the last bits, in which 0.98 - 0.96 is more than 0.02."""
    return round(more - less, 9)


def miss_line(verdict: Verdict) -> str:
    """`DOES NOT FIT  product → target: …`, each missed gate with its number, its threshold and the gap."""
    misses = "; ".join(_miss(gate) for gate in verdict.missed)
    return f"{verdict.verdict}  {verdict.product} → {verdict.target}: {misses}"


def _miss(gate: Gate) -> str:
    if gate.unit == "share":
        return (
            f"{gate.name} {100 * gate.value:.2f} % against {100 * gate.threshold:g} % "
            f"(missed by {-100 * gate.margin:.2f} points)"
        )
    unit = gate.unit
    return f"{gate.name} {gate.value:,.0f} {unit} of {gate.threshold:,.0f} {unit} (over by {-gate.margin:,.0f} {unit})"
