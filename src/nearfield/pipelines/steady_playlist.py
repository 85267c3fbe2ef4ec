"""Make a playlist also while Milvus does not answer, and say so."""

from dataclasses import dataclass, replace

import numpy as np

from nearfield.catalogue.catalogue import Catalogue
from nearfield.errors import VectorsAway
from nearfield.pipelines.names import SOUND
from nearfield.pipelines.recommenders import Recommenders
from nearfield.pipelines.song_groups import Versions
from nearfield.playlists.ask import PlaylistAsk
from nearfield.playlists.library import Playlist
from nearfield.playlists.make import filling
from nearfield.recommend.ask import MOST, Ask
from nearfield.recommend.last_good import Question, Remembered, question_of
from nearfield.types import Ids, PublicId, Reason, Recommendation, no_ids


@dataclass(frozen=True)
class WithoutVectors:
    """Remembers a playlist, and makes one where no vectors can be asked.

    Parameters
    ----------
    recommenders : Recommenders
        Of the home.
    catalogue : Catalogue
        Of songs.
    versions : {"one", "all"}
        Whether one performance of each song is shown, or all.
    wish : str
        Stands for the whole wish: equal ones are equal.
    """

    recommenders: Recommenders
    catalogue: Catalogue
    versions: Versions
    wish: str

    def keep(self, made: Playlist) -> None:
        """Remember a playlist that was made with vectors."""
        self.recommenders.outage.whole()
        memory = self.recommenders.memory
        if not memory.keeps or not made.songs:
            return
        answer = Remembered(
            items=tuple(one.item for one in made.songs),
            scores=tuple(one.score for one in made.songs),
            k=MOST,
            space=SOUND,
            models={},
            reasons=tuple(one.reasons for one in made.songs),
            moment=memory.clock(),
        )
        memory.keep(self._question, answer)

    def make(self, ask: PlaylistAsk, name: str | None, error: VectorsAway) -> Playlist:
        """Return the list that was made before, or songs of the same artists and genres.

        Parameters
        ----------
        ask : PlaylistAsk
            What is wanted; `variety`, `diversity` and `draw` say nothing without vectors.
        name : str, optional
            Of the list; made up where not given.
        error : VectorsAway
            Why there are no vectors.

        Raises
        ------
        VectorsAway
            If a journey, or one from a file, was never made before; or no song is like the seeds.
        """
        ids = [*ask.seeds, *([] if ask.to is None else [ask.to])]
        if any(one in ask.guests for one in ids):
            raise error
        keys = self.catalogue.item_keys(ids)
        titles = [item.title for item in self.catalogue.items(keys)]
        before = self._again(ask, keys)
        if before:
            self.recommenders.outage.degraded("last-good", error)
            return Playlist(name or _name(ask, titles), before, "last-good")
        if ask.to is not None:
            raise error
        songs = self._alike(ask, keys)
        if not songs:
            raise error
        self.recommenders.outage.degraded("popular", error)
        return Playlist(name or _name(ask, titles), songs, "popular")

    @property
    def _question(self) -> Question:
        return question_of("playlist", (self.catalogue.uid, self.wish), Ask())

    def _again(self, ask: PlaylistAsk, named: Ids) -> tuple[Recommendation, ...]:
        """Return what of the earlier list may still be played; songs that the wish names may."""
        standby = self.recommenders.standby(self.catalogue.name, self.versions)
        allowed = Ask(k=MOST, exclude=ask.exclude)
        if ask.where is None:
            found = standby.again(self._question, allowed)
            return tuple(found or ())
        own = set(self.catalogue.item_ids(np.unique(named)))
        every = standby.again(self._question, allowed) or ()
        fits = standby.again(self._question, replace(allowed, where=ask.where)) or ()
        kept: set[PublicId] = own | {one.item for one in fits}
        return tuple(one for one in every if one.item in kept)

    def _alike(self, ask: PlaylistAsk, seeds: Ids) -> tuple[Recommendation, ...]:
        """Return the seeds, where they are to be in the list, and songs that are like them."""
        standby = self.recommenders.standby(self.catalogue.name, self.versions)
        first = no_ids() if ask.keep_seeds == "out" else seeds
        room = MOST if ask.minutes is not None else ask.length - len(first)
        if room < 1:
            return ()
        wanted = Ask(
            k=room, where=ask.where, exclude=[*ask.exclude, *ask.played], at_most=ask.at_most
        )
        alike = standby.alike(seeds, wanted, first)
        if not alike:
            return ()
        songs = (*standby.lines(first, Reason("a seed of this list", 1.0)), *alike)
        if ask.minutes is None:
            return songs
        seconds = np.array([Playlist("", (one,)).seconds for one in songs])
        usual = seconds[seconds > 0].mean() if (seconds > 0).any() else 240.0
        seconds[seconds == 0] = usual
        return tuple(songs[place] for place in filling(seconds, 60 * ask.minutes, len(first)))


def _name(ask: PlaylistAsk, titles: list[str]) -> str:
    if ask.to is not None:
        return f"From {titles[0]} to {titles[-1]}"
    return f"Like {titles[0]}" + (" and others" if len(ask.seeds) > 1 else "")
