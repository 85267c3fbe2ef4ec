"""What a playlist is made from: songs with their facts, vectors and traits."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from nearfield.catalogue.catalogue import Catalogue
from nearfield.catalogue.facts import Item
from nearfield.catalogue.where import parse_where
from nearfield.errors import InvalidInput, NotFound
from nearfield.playlists.ask import PlaylistAsk
from nearfield.playlists.traits import Traits, read_traits
from nearfield.recommend.duplicates import Alone, Groups
from nearfield.recommend.filters import Scope, combine
from nearfield.recommend.limits import Limits
from nearfield.recommend.retrieve import vectors_of
from nearfield.recommend.view import SpaceView
from nearfield.types import Degraded, Ids, PublicId, Reason, Recommendation, Vectors, no_ids


@dataclass(frozen=True, slots=True)
class Songs:
    """Several songs, row by row.

    Parameters
    ----------
    keys : int64, shape (songs,)
        Of the catalogue.
    items : tuple of Item
        All that is known of them.
    vectors : float32, shape (songs, dim)
        Unit vectors.
    traits : Traits
        What decides how they fit.
    """

    keys: Ids
    items: tuple[Item, ...]
    vectors: Vectors
    traits: Traits

    def at(self, places: NDArray[np.int64]) -> "Songs":
        """Return some of them, in the order of `places`."""
        items = tuple(self.items[place] for place in places.tolist())
        return Songs(self.keys[places], items, self.vectors[places], self.traits.at(places))

    @property
    def seconds(self) -> NDArray[np.float64]:
        """How long each lasts; where that is not known, as long as the others, or four minutes."""
        known = self.traits.seconds[np.isfinite(self.traits.seconds)]
        return np.nan_to_num(self.traits.seconds, nan=known.mean() if len(known) else 240.0)


@dataclass(frozen=True, slots=True)
class Seeds:
    """What a playlist starts from, in the order given.

    Parameters
    ----------
    keys : int64, shape (seeds,)
        Of the catalogue; -2 and below for guests, each another.
    labels : tuple of str
        What people call them.
    vectors : float32, shape (seeds, dim)
        Unit vectors.
    """

    keys: Ids
    labels: tuple[str, ...]
    vectors: Vectors

    @property
    def own(self) -> Ids:
        """Keys of those that the catalogue holds."""
        return self.keys[self.keys > 0]


class Library:
    """The songs of one catalogue, with the vectors of one space.

    Parameters
    ----------
    catalogue : Catalogue
        Facts of songs.
    view : SpaceView
        Their vectors.
    groups : Groups, optional
        Which songs are duplicates.
    """

    def __init__(self, catalogue: Catalogue, view: SpaceView, groups: Groups | None = None) -> None:
        self._catalogue = catalogue
        self._groups = groups or Alone()
        self.index = view.index
        self.name = view.name

    def keys(self, ids: Sequence[PublicId]) -> Ids:
        """Return the keys of songs; NotFound where one is unknown."""
        return self._catalogue.item_keys(list(ids)) if len(ids) else no_ids()

    def songs(self, keys: Ids) -> Songs:
        """Return songs in the order of their keys; vectors are zeros where there is none."""
        items = tuple(self._catalogue.items(keys)) if len(keys) else ()
        return Songs(keys, items, vectors_of(self.index, keys), read_traits(items))

    def seeds(self, ids: Sequence[PublicId], ask: PlaylistAsk) -> Seeds:
        """Return what songs and guests of a wish a playlist starts from, each once.

        Raises
        ------
        NotFound
            If one is unknown, or has no vector.
        InvalidInput
            If the vector of a guest is of another space.
        """
        wanted = list(dict.fromkeys(ids))
        own = [one for one in wanted if one not in ask.guests]
        known = self.songs(self.keys(own))
        row = {one: place for place, one in enumerate(own)}
        for one, vector in zip(own, known.vectors, strict=True):
            self._check_has_vector(one, vector)
        keys, labels, vectors = [], [], []
        for place, one in enumerate(wanted):
            guest = one not in row
            keys.append(-2 - place if guest else int(known.keys[row[one]]))
            labels.append(str(one) if guest else known.items[row[one]].title)
            vectors.append(self._guest(ask, str(one)) if guest else known.vectors[row[one]])
        return Seeds(np.array(keys, dtype=np.int64), tuple(labels), np.stack(vectors))

    def matching(self, where: str | None) -> Ids | None:
        """Return the songs that a condition holds for; None where there is no condition."""
        return None if where is None else self._catalogue.matching(parse_where(where))

    def scope(self, out: Ids, where: str | None) -> Scope:
        """Return which songs may be in a list."""
        return combine([out], [self.matching(where)])

    def limits(self, ask: PlaylistAsk, out: Ids, held: Ids) -> Limits:
        """Return what a list must keep to that holds some songs already."""
        return Limits(self._catalogue, ask.at_most, self._groups, out, held)

    def line(self, item: Item, score: float, *reasons: Reason) -> Recommendation:
        """Return one line of a playlist."""
        return Recommendation(
            item=item.id,
            title=item.title,
            score=score,
            space=self.name,
            reasons=reasons,
            year=item.year,
            genres=item.genres,
            attributes=item.attributes,
        )

    def _check_has_vector(self, song: PublicId, vector: Vectors) -> None:
        if not vector.any():
            raise NotFound(
                f"song {song!r} has no vector in the space {self.name!r} of catalogue "
                f"{self._catalogue.name!r}: its sound was not read yet, or could not be. Scan its "
                f"folder again, or start from another song."
            )

    def _guest(self, ask: PlaylistAsk, name: str) -> Vectors:
        vector = ask.guests[name]
        if vector.shape != (self.index.dim,):
            raise InvalidInput(
                f"the vector of {name!r} has shape {vector.shape}, but those of the space "
                f"{self.name!r} have ({self.index.dim},). Use the encoder that made theirs."
            )
        return vector


@dataclass(frozen=True, slots=True)
class Playlist:
    """Songs in the order in which they are to be played.

    Parameters
    ----------
    name : str
        E.g. "Like Halcyon", "From Halcyon to Teardrop".
    songs : tuple of Recommendation
        Their `attributes` hold artist, album, path and all else that is known.
    degraded : {"last-good", "popular"}, optional
        What it is where no vectors could be asked: the list made before for the same wish, or songs
        of the same artists and genres, the more popular ones first.
    """

    name: str
    songs: tuple[Recommendation, ...]
    degraded: Degraded | None = None

    @property
    def seconds(self) -> float:
        """How long the songs play whose length is known."""
        lengths = read_traits([_item(song) for song in self.songs]).seconds
        return math.fsum(lengths[np.isfinite(lengths)])


def _item(song: Recommendation) -> Item:
    return Item(0, song.item, song.title, attributes=song.attributes)
