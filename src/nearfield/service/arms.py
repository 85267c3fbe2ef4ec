"""Two configurations of one question: which of them a user gets."""

import hashlib
from typing import Annotated, Any, Literal

from pydantic import Field

from nearfield.errors import InvalidInput
from nearfield.service.bodies import Body
from nearfield.types import PublicId


class Arm(Body):
    """What one arm asks differently."""

    name: Annotated[str, Field(min_length=1, max_length=80)] | None = None
    spaces: str | dict[str, float] | None = None
    diversity: Annotated[float, Field(ge=0, le=1)] | None = None
    where: Annotated[str, Field(max_length=2000)] | None = None
    at_most: dict[str, Annotated[int, Field(ge=1)]] | None = None
    versions: Literal["one", "all"] | None = None

    def changes(self) -> dict[str, Any]:
        """Return the fields of a wish that this arm sets."""
        return self.model_dump(exclude_none=True, exclude={"name"})


class Arms(Body):
    """An experiment: users are dealt to two arms, always to the same one."""

    experiment: Annotated[str, Field(min_length=1, max_length=80)]
    split: Annotated[float, Field(ge=0, le=1)] = 0.5
    """The share of users that get `a`."""
    a: Arm = Arm()
    b: Arm = Arm()


def arm_of(arms: Arms, user: PublicId | None) -> tuple[str, dict[str, Any]]:
    """Return the name of a user's arm, and what it asks differently.

    Raises
    ------
    InvalidInput
        If no user is named: nobody else can be dealt to the same arm again.
    """
    if user is None:
        raise InvalidInput(
            "arms are asked for without a user, but an arm is stable per user. Name the user, or "
            "leave `arms` out."
        )
    first = place_of(arms.experiment, user) < arms.split
    arm, letter = (arms.a, "a") if first else (arms.b, "b")
    return arm.name or letter, arm.changes()


def place_of(experiment: str, user: PublicId) -> float:
    """Return where a user stands between 0 and 1 in an experiment: evenly spread, never moved.

    >>> place_of("diversity", 17) == place_of("diversity", "17")
    True
    """
    digest = hashlib.sha256(f"{experiment}\x00{user}".encode()).digest()
    return int.from_bytes(digest[:8], "big") / 2**64
