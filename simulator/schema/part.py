"""What every record of a description is: frozen, and exact about its fields."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, ConfigDict


class Absent(Exception):
    """A rule asked for a field that is not there, or not sound: it has nothing to say."""


class Part(BaseModel):
    """A frozen record that knows every one of its fields and no other.

    Of a faulty description a part may be made of its sound fields alone, so that the rules between fields can
    be held against those (`deltasim.simulator.schema.reading`); it raises `Absent` for the others.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    def __getattr__(self, name: str) -> Any:
        if name in type(self).model_fields:
            raise Absent(name)
        return super().__getattr__(name)  # type: ignore[misc]
