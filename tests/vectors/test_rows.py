"""Rows that are read in parts are published as those in memory are, and never held as a whole."""

import weakref
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryFile
from typing import Any

import numpy as np
import pytest

from nearfield.errors import CheckFailed, InvalidInput
from nearfield.types import Ids, Vectors
from nearfield.vectors import publish
from nearfield.vectors.embeddings import Embeddings
from nearfield.vectors.mirror import MirrorIndex
from nearfield.vectors.names import SpaceName
from nearfield.vectors.rows import SAMPLE, HeldRows, StreamedRows
from nearfield.vectors.spaces import Spaces

DIM = 8


def embeddings(rows: int, seed: int = 1) -> Embeddings:
    vectors = np.random.default_rng(seed).normal(size=(rows, DIM)).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    return Embeddings(np.arange(1, rows + 1) * 3, vectors, {})


class Source:
    """Yields rows in parts, and counts how often it is read and how many parts are alive."""

    def __init__(self, rows: Embeddings, size: int) -> None:
        self._rows, self._size = rows, size
        self.readings, self.most_alive = 0, 0

    def __call__(self) -> Iterator[tuple[Ids, Vectors]]:
        self.readings += 1
        lent: list[weakref.ref[Any]] = []
        for start in range(0, len(self._rows.ids), self._size):
            part = slice(start, start + self._size)
            ids, vectors = self._rows.ids[part].copy(), self._rows.vectors[part].copy()
            lent.append(weakref.ref(vectors))
            yield ids, vectors
            del ids, vectors
            self.most_alive = max(self.most_alive, sum(one() is not None for one in lent))


def streamed(source: Source, kept: Any = None) -> StreamedRows:
    rows = StreamedRows(DIM, source, kept)
    list(rows.read())
    return rows


@pytest.fixture
def spaces(tmp_path: Path) -> Iterator[Spaces]:
    with Spaces(str(tmp_path / "milvus.db")) as opened:
        yield opened


def test_it_is_published_as_what_lies_in_memory(
    spaces: Spaces, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(publish, "_UNFLUSHED", 70)
    held = embeddings(500)
    source = Source(held, 64)
    steps = list(spaces.publish("movies", "fusion", "v1", streamed(source), 25))
    list(spaces.publish("movies", "graph", "v1", held, 25))
    assert [(at.step, at.total) for at in steps][-1] == ("done", 500)
    fills = [at.done for at in steps if at.step == "fill"]
    assert fills == sorted(fills)
    assert fills[-1] == 500
    found = [spaces.open("movies", name)[1] for name in ("fusion", "graph")]
    assert isinstance(found[0], MirrorIndex)
    answers = [index.search(held.vectors[:50], 10) for index in found]
    np.testing.assert_array_equal(answers[0].ids, answers[1].ids)
    np.testing.assert_array_equal(answers[0].scores, answers[1].scores)
    space = spaces.active("movies", "fusion")
    assert space is not None
    assert (space.rows, spaces.count(space)) == (500, 500)


def test_one_part_at_a_time_is_in_memory(spaces: Spaces) -> None:
    source = Source(embeddings(600), 50)
    list(spaces.publish("movies", "fusion", "v1", streamed(source)))
    assert source.readings == 3  # to count, to fill, to compare
    assert source.most_alive <= 1
    list(spaces.publish("movies", "fusion", "v1", streamed(source)))  # only compared
    assert source.readings == 5
    assert source.most_alive <= 1


def test_what_answers_is_read_anew_when_it_is_published_again(spaces: Spaces) -> None:
    list(spaces.publish("movies", "fusion", "v1", embeddings(60)))
    assert len(spaces.open("movies", "fusion")[1]) == 60
    list(spaces.publish("movies", "fusion", "v2", streamed(Source(embeddings(80, 2), 30))))
    assert len(spaces.open("movies", "fusion")[1]) == 80


def test_one_that_lost_rows_is_mended_while_it_answers(spaces: Spaces) -> None:
    rows = embeddings(60)
    list(spaces.publish("movies", "fusion", "v1", rows))
    name = SpaceName("movies", "fusion", "v1").collection
    spaces._connection.call("delete", name, ids=[3, 6])
    spaces._reader.stored(spaces.list()[0]).upsert(np.array([1000]), rows.vectors[:1])
    list(spaces.publish("movies", "fusion", "v1", streamed(Source(rows, 25))))
    assert spaces.held(spaces.list()[0]).tolist() == rows.ids.tolist()


def test_rows_that_are_lost_on_the_way_are_noticed(spaces: Spaces) -> None:
    running = spaces.publish("movies", "fusion", "v1", streamed(Source(embeddings(60), 25)), 25)
    while next(running).done < 60:
        pass
    name = SpaceName("movies", "fusion", "v1").collection
    spaces._connection.call("delete", name, ids=[3])
    with pytest.raises(CheckFailed, match="holds 59 rows, but 60 were sent"):
        list(running)
    assert spaces.active("movies", "fusion") is None


def test_what_is_kept_is_read_from_its_source_once() -> None:
    held = embeddings(130)
    source = Source(held, 50)
    with TemporaryFile() as file:
        rows = streamed(source, file)
        for _ in range(2):
            ids, vectors = zip(*rows.parts(), strict=True)
            assert [len(part) for part in ids] == [50, 50, 30]
            np.testing.assert_array_equal(np.concatenate(ids), held.ids)
            np.testing.assert_array_equal(np.concatenate(vectors), held.vectors)
    assert source.readings == 1


@pytest.mark.parametrize("size", [1, 7, 1000])
def test_the_sample_is_spread_over_all_rows(size: int) -> None:
    held = embeddings(2000)
    ids, vectors = streamed(Source(held, size)).sample()
    assert len(set(ids.tolist())) == SAMPLE
    np.testing.assert_array_equal(vectors, held.vectors[ids // 3 - 1])
    assert len(np.unique((ids // 3 - 1) // 200)) == 10  # of each tenth
    whole = streamed(Source(held, 2000)).sample()
    assert set(ids.tolist()) == set(whole[0].tolist())


def test_few_rows_are_all_of_the_sample() -> None:
    held = embeddings(9)
    for rows in (HeldRows(held), streamed(Source(held, 4))):
        assert (len(rows), rows.dim) == (9, DIM)
        assert sorted(rows.sample()[0].tolist()) == held.ids.tolist()


@pytest.mark.parametrize(
    ("ids", "match"),
    [
        ([1, 2, 3, 3], "id 3 occurs more than once"),
        ([1, 2, 2, 4], "ids do not rise after 2"),
        ([1, 2, 4, 3], "ids do not rise after 2"),
        ([0, 1, 2, 3], "id 0 is not positive"),
    ],
)
def test_ids_that_do_not_rise_are_refused(ids: list[int], match: str) -> None:
    vectors = embeddings(4).vectors
    parts = [(np.array(ids[at : at + 2]), vectors[at : at + 2]) for at in (0, 2)]
    with pytest.raises(InvalidInput, match=match):
        list(StreamedRows(DIM, lambda: parts).read())


def test_vectors_that_cannot_be_are_refused() -> None:
    ids, vectors = embeddings(4).ids, embeddings(4).vectors
    with pytest.raises(InvalidInput, match="have 8 numbers where 9 were told"):
        list(StreamedRows(DIM + 1, lambda: [(ids, vectors)]).read())
    with pytest.raises(InvalidInput, match="not of unit length"):
        list(StreamedRows(DIM, lambda: [(ids, vectors * 2)]).read())
