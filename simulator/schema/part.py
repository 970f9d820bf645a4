"""What every record of a description is: frozen, and exact about its fields."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict


class Part(BaseModel):
    """A frozen record that knows every one of its fields and no other."""

    model_config = ConfigDict(frozen=True, extra="forbid")
