"""A bundle beside the version that is in production, as a value; free of NumPy, as verdicts are."""

from pydantic import BaseModel, ConfigDict

from flashfit.gates.gate import Gate


class AgainstProduction(BaseModel):
    """production.json: a bundle beside the version that is in production.

    gate: None where the two cannot be compared, why_not saying why. look: how many comparisons on this test split
    there have been with this one, which makes each later one stricter.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    bundle_sha256: str
    version: int
    look: int
    gate: Gate | None
    why_not: str = ""

    def __str__(self) -> str:
        if self.gate is None:
            return f"not compared with production version {self.version}: {self.why_not}"
        return f"{self.gate.seen} against {self.gate.asked}: {self.gate.answer} (look {self.look} at this test split)"
