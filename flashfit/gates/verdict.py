"""Footprint and quality against budget and gates, with every number."""

from collections.abc import Iterator, Sequence
from typing import Literal

from pydantic import BaseModel, ConfigDict

from flashfit.footprint import Footprint, uses
from flashfit.gates.claims import quality_gates
from flashfit.gates.gate import Gate as Gate
from flashfit.gates.quality import Quality as Quality
from flashfit.params import Budget, Gates

Word = Literal["FITS", "DOES NOT FIT", "NOT ENOUGH EVIDENCE"]
FITS: Literal["FITS"] = "FITS"
DOES_NOT_FIT: Literal["DOES NOT FIT"] = "DOES NOT FIT"
NOT_ENOUGH_EVIDENCE: Literal["NOT ENOUGH EVIDENCE"] = "NOT ENOUGH EVIDENCE"


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Verdict(_Frozen):
    """Every gate, and the word they add up to. quality and asked, the product's, are None where nothing was trained."""

    product: str
    target: str
    verdict: Word
    footprint: Footprint
    budget: Budget
    quality: Quality | None
    gates: list[Gate]
    asked: Gates | None = None

    @property
    def missed(self) -> list[Gate]:
        """The gates that said no, in order."""
        return [gate for gate in self.gates if gate.missed]

    @property
    def open(self) -> list[Gate]:
        """The gates that could say neither yes nor no, in order."""
        return [gate for gate in self.gates if gate.open]

    def also(self, gate: Gate) -> "Verdict":
        """The verdict with one more gate."""
        gates = [*self.gates, gate]
        return self.model_copy(update={"gates": gates, "verdict": _word(gates, self.quality)})


def judge(
    product: str,
    target: str,
    footprint: Footprint,
    budget: Budget,
    quality: Quality | None = None,
    gates: Gates | None = None,
) -> Verdict:
    """FITS when every gate passes, DOES NOT FIT when one is missed. Without quality only the footprint is judged.

    Of the gates that need evidence, one passes when its interval lies on the right side. It is missed when its
    number is wrong and chance does not explain that: in at most 2.5 % of draws where all are as good as asked, and
    in at most 5 % of those that say yes or no.
    """
    checks = list(_footprint_gates(footprint, budget))
    if quality is not None and gates is not None:
        checks += quality_gates(quality, gates)
    return Verdict(
        product=product,
        target=target,
        verdict=_word(checks, quality),
        footprint=footprint,
        budget=budget,
        quality=quality,
        gates=checks,
        asked=gates,
    )


def _word(gates: Sequence[Gate], quality: Quality | None) -> Word:
    if quality is None or any(gate.missed for gate in gates):
        return DOES_NOT_FIT
    return NOT_ENOUGH_EVIDENCE if any(gate.open for gate in gates) else FITS


def _footprint_gates(footprint: Footprint, budget: Budget) -> Iterator[Gate]:
    for use in uses(footprint, budget):
        yield Gate(
            name=use.resource,
            value=use.used,
            threshold=use.budget,
            margin=-use.over,
            unit="MACs" if use.resource == "macs" else "B",
        )


def miss_line(verdict: Verdict) -> str:
    """`DOES NOT FIT  product → target: …`, each gate that did not pass with its number, interval and threshold.

    Where some are missed, those alone; else those that are open, with the samples that would be enough.
    """
    reasons = "; ".join(map(_miss, verdict.missed)) or "; ".join(map(_lack, verdict.open))
    return f"{verdict.verdict}  {verdict.product} → {verdict.target}: {reasons}"


def _miss(gate: Gate) -> str:
    if gate.of_footprint:
        value, threshold = gate.shown(gate.value), gate.shown(gate.threshold)
        return f"{gate.name} {value} of {threshold} (over by {gate.shown(-gate.margin)})"
    return f"{gate.seen} against {gate.asked} (missed by {gate.margin_shown.removeprefix('-')})"


def _lack(gate: Gate) -> str:
    return f"{gate.seen}, of {gate.n:,} samples, against {gate.asked}: {gate.lack}"
