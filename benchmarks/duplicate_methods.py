"""Ways to find the recording that a sound is a copy of, for bench_duplicates.py."""

import json
import subprocess
import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from duplicate_queries import Print
from nearfield.pipelines.compare_songs import Comparer
from nearfield.pipelines.song_prints import Fingerprints, Indexes, Shelf
from nearfield.sound.band_fingerprint import FRAMES_A_SECOND, BandFingerprint
from nearfield.sound.fingerprint import Fingerprint
from nearfield.sound.matching.chroma_words import chroma_words
from nearfield.sound.matching.combine import Match
from nearfield.sound.matching.decide import Relation, relation
from nearfield.sound.matching.index import FingerprintIndex
from peers import acoustid

__all__ = ["AcoustId", "Answer", "Audfprint", "Held", "Method", "Ours"]


@dataclass(frozen=True, slots=True)
class Answer:
    """What a method says of a query.

    Parameters
    ----------
    scores : dict
        Reference to how sure the method is: at 1 and above it says, by its own limit, that the
        query is the same recording or a part of it.
    doubted : set
        References that a person is asked to look at.
    matches : dict
        Reference to how the query lies over it.
    """

    scores: dict[int, float]
    doubted: set[int] = field(default_factory=set)
    matches: dict[int, Match] = field(default_factory=dict)


class Method(Protocol):
    """Knows references, numbered from 0 on."""

    def ask(self, query: Print) -> Answer:
        """Return what is found of a query."""


class Held(Shelf):
    """The fingerprints of the references, in memory."""

    def __init__(self, prints: Sequence[Print]) -> None:
        self._all = prints

    def of(self, keys: NDArray[np.int64]) -> list[BandFingerprint]:
        """Return the bands of some of them; key 1 is reference 0."""
        return [self._all[key - 1].bands for key in keys.tolist()]

    def chromaprints(self, keys: NDArray[np.int64]) -> list[Fingerprint]:
        """Return the Chromaprints of some of them."""
        return [self._all[key - 1].chroma for key in keys.tolist()]


class Ours:
    """Candidates by the index, the careful comparison, the limits: as a library is searched.

    The songs that sound alike, which a library compares besides, are left out: there are no
    vectors here.
    """

    def __init__(self, references: Sequence[Print], folder: Path) -> None:
        self.index = FingerprintIndex.open(folder / "bands")
        self.index.update((number + 1, one.bands) for number, one in enumerate(references))
        chroma = FingerprintIndex.open(folder / "chroma")
        chroma.update(
            (number + 1, chroma_words(one.chroma, one.bands))
            for number, one in enumerate(references)
        )
        self.comparer = Comparer(Indexes(self.index, chroma), Held(references))

    def ask(self, query: Print) -> Answer:
        """Return what is found of a query."""
        answer = Answer({})
        seconds = len(query.bands) / FRAMES_A_SECOND
        for found in self.comparer.compare(Fingerprints(query.bands, query.chroma)):
            number, match = found.key - 1, found.match
            what = relation(match, found.words / FRAMES_A_SECOND, seconds)
            answer.matches[number] = match
            together = what in (Relation.SAME, Relation.EXCERPT)
            answer.scores[number] = match.similarity + together
            if not together and what is not Relation.DIFFERENT:
                answer.doubted.add(number)
        return answer


class AcoustId:
    """Chromaprint's words, compared as AcoustID does, with every reference."""

    def __init__(self, references: Sequence[Print], most_offset: int) -> None:
        self._words = [one.chroma for one in references]
        self._most_offset = most_offset

    def ask(self, query: Print) -> Answer:
        """Return what is found of a query."""
        scores = acoustid.scores(query.chroma, self._words, self._most_offset)
        return Answer(dict(enumerate((scores / acoustid.FOUND).tolist())))


class Audfprint:
    """audfprint, in a process of its own."""

    LEAST = 5
    """Aligned hashes that its program takes for a match."""

    def __init__(self, references: Iterable[Print], source: Path) -> None:
        script = Path(__file__).parent / "peers" / "audfprint_peer.py"
        command = [sys.executable, str(script), "--audfprint", str(source)]
        self._process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        self.hashing: list[float] = []
        self.searching: list[float] = []
        for one in references:
            self._request("reference", one.file)

    def ask(self, query: Print) -> Answer:
        """Return what is found of a query: as its program does, the best reference alone."""
        found, hashing, searching = self._request("query", query.file)
        self.hashing.append(hashing)
        self.searching.append(searching)
        return Answer({int(number): count / self.LEAST for number, count, _ in found[:1]})

    def close(self) -> None:
        """End the process."""
        self._process.communicate()

    def _request(self, what: str, path: Path) -> Any:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        print(json.dumps([what, str(path)]), file=self._process.stdin, flush=True)
        line = self._process.stdout.readline()
        if not line:
            raise RuntimeError(f"audfprint ended at {path} with {self._process.wait()}.")
        return json.loads(line)
