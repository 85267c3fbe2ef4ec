"""What bodies of requests have in common."""

from typing import Annotated, TypeAlias

from pydantic import BaseModel, ConfigDict, Field, Strict

Id: TypeAlias = (
    Annotated[int, Strict(), Field(ge=-(2**63), le=2**63 - 1)]
    | Annotated[str, Strict(), Field(min_length=1, max_length=255)]
)
"""An id as its owner wrote it: a number or a text, as the catalogue has it."""


class Body(BaseModel):
    """A misspelt field is an error, and so is a text where a number is wanted."""

    model_config = ConfigDict(extra="forbid", strict=True)
