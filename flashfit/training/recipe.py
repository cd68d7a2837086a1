"""How a spec is trained, as a frozen value."""

from pydantic import BaseModel, ConfigDict, Field


class Recipe(BaseModel):
    """AdamW under a cosine schedule that falls to zero over all epochs."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    learning_rate: float = Field(gt=0)
    weight_decay: float = Field(ge=0)
    batch_size: int = Field(gt=0)
