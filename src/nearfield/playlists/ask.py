"""What playlist is wanted, checked before anything is looked up."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from numbers import Real
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from nearfield.errors import InvalidInput
from nearfield.playlists.transitions import TransitionConfig
from nearfield.recommend.ask import (
    MOST,
    check_at_most,
    check_diversity,
    check_ids,
    check_size,
    check_unit,
)
from nearfield.types import PublicId, Vectors


class PlaylistConfig(BaseModel):
    """How playlists are made."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    transition: Annotated[
        TransitionConfig, Field(description="what makes two songs fit one after the other")
    ] = TransitionConfig()
    stages: Annotated[
        int, Field(ge=1, le=100, description="songs that each stage of a journey chooses from")
    ] = 8
    path: Annotated[
        float, Field(ge=0, description="cost of (1 - cosine) / 2 off the way of a journey")
    ] = 4.0
    home: Annotated[
        float, Field(ge=0, le=1, description="how much the seeds pull a radio back")
    ] = 0.5
    mood: Annotated[
        int, Field(ge=1, description="songs for which seeds of one kind pull a radio")
    ] = 8
    recent: Annotated[
        float, Field(gt=0, description="songs after which one played counts half, in a radio")
    ] = 3.0
    memory: Annotated[
        int, Field(ge=1, le=MOST, description="songs within which a radio repeats none")
    ] = 100
    choices: Annotated[
        int, Field(ge=1, le=MOST, description="songs that each step of a radio draws from")
    ] = 20


@dataclass(frozen=True, kw_only=True)
class PlaylistAsk:
    """A wish for a playlist.

    Parameters
    ----------
    seeds : sequence of ids
        Songs that it shall be like: one, several, or a whole playlist. Of a journey, the one that
        it starts from.
    to : id, optional
        Makes a journey: the song that it leads to.
    guests : mapping of name to vector
        Unit vectors, shape (dim,), of songs that the catalogue does not hold; `seeds` and `to`
        may name them. They are never in the list.
    length : int
        Number of songs, 1 to 1000; fewer come only where fewer fit.
    minutes : float, optional
        How long it shall play, instead of `length`.
    keep_seeds : {"first", "anywhere", "out"}
        Whether the seeds lead the list, stand in it where they fit, or are left out. A journey
        always holds its ends.
    exclude, where, at_most, diversity
        As in `nearfield.recommend.ask.Ask`; `at_most` counts seeds that are in the list.
    played : sequence of ids
        What was played last, oldest first: a radio goes on from there; other lists leave it out.
    variety : float
        0 for the songs that fit best, up to 1 for a list that differs much from one `draw` to the
        next. The step of chance is `variety` times a tenth of a cosine.
    draw : int
        Seed of all chance: the same one gives the same list.

    Raises
    ------
    InvalidInput
        If a number is out of its range, or nothing is there to start from.
    """

    seeds: Sequence[PublicId]
    to: PublicId | None = None
    guests: Mapping[str, Vectors] = field(default_factory=dict)
    length: int = 25
    minutes: float | None = None
    keep_seeds: Literal["first", "anywhere", "out"] = "first"
    exclude: Sequence[PublicId] = ()
    where: str | None = None
    at_most: Mapping[str, int] = field(default_factory=dict)
    diversity: float = 0.0
    played: Sequence[PublicId] = ()
    variety: float = 0.0
    draw: int = 0

    def __post_init__(self) -> None:
        """Check what can be checked without a catalogue."""
        check_size(self.length)
        check_diversity(self.diversity)
        check_at_most(self.at_most)
        for name in ("seeds", "exclude", "played"):
            check_ids(name, getattr(self, name))
        for vector in self.guests.values():
            check_unit(vector)
        self._check_numbers()
        if not len(self.seeds):
            raise InvalidInput("no seed was given, but a playlist starts from one. Name a song.")
        if self.to is not None and len(self.seeds) != 1:
            raise InvalidInput(
                f"{len(self.seeds)} seeds came with the end {self.to!r} of a journey, but it "
                f"starts from one song. Name one, or leave the end out."
            )

    def _check_numbers(self) -> None:
        if self.minutes is not None and not (
            isinstance(self.minutes, Real) and math.isfinite(self.minutes) and self.minutes > 0
        ):
            raise InvalidInput(
                f"minutes is {self.minutes!r}, but a playlist lasts a finite time above 0. "
                f"Give a number such as 60, or leave it out and give `length`."
            )
        if not (isinstance(self.variety, Real) and 0 <= self.variety <= 1):
            raise InvalidInput(
                f"variety is {self.variety!r}, but it goes from 0 (what fits best) to 1 (much "
                f"chance). Give a number between them."
            )
        if self.keep_seeds not in ("first", "anywhere", "out"):
            raise InvalidInput(
                f"keep_seeds is {self.keep_seeds!r}, but seeds go 'first', 'anywhere' or 'out'."
            )
