"""What every part of params.yaml is made of."""

from typing import Annotated

from pydantic import BaseModel, ByteSize, ConfigDict, Field

Name = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]*$")]
Share = Annotated[float, Field(gt=0, lt=1)]
Rate = Annotated[float, Field(ge=0, le=1)]
Positive = Annotated[int, Field(gt=0)]
Sha256 = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
PositiveBytes = Annotated[ByteSize, Field(gt=0)]
Regex = Annotated[str, Field(min_length=1)]


class Section(BaseModel):
    """A part of params.yaml: frozen, and no key it does not know."""

    model_config = ConfigDict(frozen=True, extra="forbid")
