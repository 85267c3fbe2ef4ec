"""An endless list: each song follows from the last ones, and the seeds pull it back."""

from collections.abc import Iterator
from typing import Final

import numpy as np

from nearfield.playlists.ask import PlaylistAsk, PlaylistConfig
from nearfield.playlists.library import Library, Songs
from nearfield.playlists.transitions import transition_costs
from nearfield.recommend.filters import Scope, combine
from nearfield.recommend.listener import ListenerConfig
from nearfield.recommend.retrieve import Ranked, best, nearest, vectors_of
from nearfield.recommend.tastes import find_tastes
from nearfield.types import Aversions, Reason, Recommendation, Scores, Vectors

_WINDOW: Final = 25
"""Within so many of the newest songs `at_most` holds."""

_HOMES: Final = 10
"""Kinds of seeds that are kept apart, at most."""

_HEAT: Final = 0.05
"""What a `variety` of 1 makes of a difference of costs that matters: a temperature."""

_LISTENER: Final = ListenerConfig()
"""How far apart kinds of songs are, and how much a skip pushes away: as for listeners."""


class Radio(Iterator[Recommendation]):
    """Songs without end; `next` gives one, `skipped` tells that the last one was not wanted.

    The place to search from is between the seeds and the mean of the songs played last, newer
    ones counting more, so that the list drifts and comes back. Seeds of several kinds pull in
    turn, each for `mood` songs. Of the songs nearest to the place that were not among the last
    `memory` ones, one is drawn that fits to the song before.

    Parameters
    ----------
    library : Library
        Songs.
    ask : PlaylistAsk
        `seeds`, `played`, `exclude`, `where`, `at_most` (within the newest 25 songs), `variety`
        and `draw` count; seeds are taken for played before all else.
    config : PlaylistConfig
        How far it goes.
    """

    def __init__(self, library: Library, ask: PlaylistAsk, config: PlaylistConfig) -> None:
        self._library, self._ask, self._config = library, ask, config
        self._seeds = library.seeds(ask.seeds, ask)
        self._exclude = library.keys(ask.exclude)
        self._matching = library.matching(ask.where)
        self._played: list[int] = [*self._seeds.own.tolist(), *library.keys(ask.played).tolist()]
        self._homes = find_tastes(
            self._seeds.vectors, np.ones(len(self._seeds.keys), np.float32), _HOMES, _LISTENER.apart
        ).centres
        self._chance = np.random.default_rng([ask.draw, len(self._played)])
        self._last: int | None = None
        self._skipped: list[Vectors] = []
        self._unwanted: set[int] = set()

    def __next__(self) -> Recommendation:
        """Return the next song; StopIteration where no song may be played at all."""
        pool = self._pool()
        if not len(pool.ids):
            raise StopIteration
        songs = self._library.songs(pool.ids)
        place = self._draw(songs, pool.scores)
        self._last = int(songs.keys[place])
        self._played.append(self._last)
        cosines = self._seeds.vectors @ songs.vectors[place]
        like = int(cosines.argmax())
        share = min(1.0, max(0.0, float(cosines[like])))
        reason = Reason(f"like {self._seeds.labels[like]}", share, space=self._library.name)
        return self._library.line(songs.items[place], float(pool.scores[place]), reason)

    def skipped(self) -> None:
        """Tell that the last song was not wanted: it never comes again, and such songs less."""
        if self._last is None:
            return
        self._unwanted.add(self._last)
        self._skipped.append(vectors_of(self._library.index, np.array([self._last]))[0])
        self._played.pop()
        self._last = None

    def _pool(self) -> Ranked:
        """Return songs to draw from, best first; forgets older ones where all were played."""
        memory = self._config.memory
        pool = self._pool_without(memory)
        while memory and not len(pool.ids):
            memory //= 2
            pool = self._pool_without(memory)
        return pool

    def _pool_without(self, newest: int) -> Ranked:
        recent = np.array(self._played[-newest:] if newest else [], dtype=np.int64)
        out = np.concatenate([recent, self._exclude, np.array([*self._unwanted], np.int64)])
        scope, here = combine([out], [self._matching]), self._here()
        limits = self._library.limits(self._ask, out, recent[-_WINDOW:])
        return limits.fill(lambda size: self._near(here, size, scope), self._config.choices)

    def _near(self, here: Vectors, size: int, scope: Scope) -> Ranked:
        found = nearest(self._library.index, here, size, scope)
        if not self._skipped:
            return found
        skipped = np.stack(self._skipped)
        away = Aversions(
            skipped, np.ones(len(skipped), dtype=np.float32), _LISTENER.push, _LISTENER.reach
        )
        vectors = vectors_of(self._library.index, found.ids)
        scores = away.lowered(found.scores, skipped @ vectors.T)
        return best(found.ids, scores, size)

    def _here(self) -> Vectors:
        """Return where to search: a unit vector, shape (dim,)."""
        heard = len(self._played) + len(self._unwanted) - len(self._seeds.own)
        home: Vectors = self._homes[heard // self._config.mood % len(self._homes)]
        last = np.array(self._played[-8:], dtype=np.int64)
        if not len(last):
            return home
        weights = np.exp2(-np.arange(len(last))[::-1] / self._config.recent).astype(np.float32)
        recent = _unit(weights @ vectors_of(self._library.index, last))
        return _unit(self._config.home * home + (1 - self._config.home) * recent)

    def _draw(self, songs: Songs, scores: Scores) -> int:
        """Return the position of a song that is near and fits to the one before."""
        worth = scores.astype(np.float64)
        if self._played:
            last = self._library.songs(np.array(self._played[-1:], dtype=np.int64))
            worth -= transition_costs(
                (last.vectors, last.traits), (songs.vectors, songs.traits), self._config.transition
            )[0]
        if self._ask.variety == 0:
            return int(worth.argmax())
        heated = np.exp((worth - worth.max()) / (_HEAT * self._ask.variety))
        return int(self._chance.choice(len(worth), p=heated / heated.sum()))


def _unit(vector: Vectors) -> Vectors:
    length = float(np.linalg.norm(vector))
    unit: Vectors = (vector / max(length, 1e-12)).astype(np.float32)
    return unit
