"""One number against one threshold, in words."""

from typing import Literal

from pydantic import BaseModel, ConfigDict


class Gate(BaseModel):
    """One number against its threshold. margin: the room left, negative when missed, in the same unit.

    unit: a share is shown in per cent; a value is a plain number, or one of `symbol` (°F). low, high: the value's
    interval, where it is an estimate of n samples. open: the interval has to decide, and lies on both sides;
    enough: samples with which it would not, None where no number is known.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    value: float
    threshold: float
    margin: float
    unit: Literal["B", "MACs", "share", "value"]
    symbol: str = ""
    low: float | None = None
    high: float | None = None
    n: int | None = None
    method: str = ""
    open: bool = False
    enough: int | None = None

    @property
    def passed(self) -> bool:
        return self.margin >= 0 and not self.open

    @property
    def missed(self) -> bool:
        return self.margin < 0 and not self.open

    @property
    def answer(self) -> str:
        """`passed`, `missed` or `not enough evidence`."""
        return "not enough evidence" if self.open else "passed" if self.passed else "missed"

    @property
    def lack(self) -> str:
        """What would settle an open gate."""
        if self.enough is None:
            return "no number of samples would be enough"
        if self.n is not None and self.enough <= self.n:
            return "enough samples for a model that is no worse, so this one probably is"
        return f"about {self.enough:,} samples would be enough"

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
        """The interval, `96.10 – 98.43 %`; empty where there is none."""
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

    @property
    def seen(self) -> str:
        """Name, value and interval: `int8 accuracy 95.97 % (93.45 – 97.54 %)`."""
        interval = f" ({self.interval_shown})" if self.interval_shown else ""
        return f"{self.name} {self.shown(self.value)}{interval}"

    @property
    def asked(self) -> str:
        """The threshold as params.yaml has it: `97 %`, `1.5 °F`, `500 B`."""
        if self.of_footprint:
            return self.shown(self.threshold)
        return f"{100 * self.threshold:g} %" if self.unit == "share" else f"{self.threshold:g} {self.symbol}".rstrip()
