"""What is like one item, on a real catalogue and a real index."""

import numpy as np
import pytest

from nearfield.datasets.tables import Columns
from nearfield.errors import InvalidInput, NotFound
from nearfield.types import Recommendation
from small_movies import NEW_ITEM, Movies


def ids(answer: list[Recommendation]) -> list[str]:
    return [str(one.item) for one in answer]


def test_similar_items_leave_out_the_item_itself(movies: Movies) -> None:
    answer = movies.recommender.similar(1, k=79)
    assert sorted(map(int, ids(answer))) == list(range(2, 81))
    vector = movies.index.get(movies.catalogue.item_keys([1]))[0]
    best = np.sort(movies.model.vectors @ vector)[::-1][1:]
    assert [one.score for one in answer] == pytest.approx(best.tolist(), abs=1e-5)


def test_similar_items_say_which_genres_they_share(movies: Movies) -> None:
    genres = dict(
        zip(movies.tables.items[Columns.ITEM], movies.tables.items[Columns.GENRES], strict=True)
    )
    own = set(genres["1"])
    for one in movies.recommender.similar(1, k=79):
        other = set(genres[str(one.item)])
        shares = [reason.share for reason in one.reasons]
        both = len(own & other)
        assert shares == ([pytest.approx(both / len(own | other))] if both else [])
        assert all(reason.text.startswith("both are ") for reason in one.reasons)


def test_similar_items_can_be_filtered(movies: Movies) -> None:
    answer = movies.recommender.similar(1, k=50, where="genre = 'Drama'", exclude=[3])
    assert answer
    assert all("Drama" in one.genres for one in answer)
    assert "3" not in ids(answer)


def test_similar_wants_an_item_that_it_knows(movies: Movies) -> None:
    with pytest.raises(NotFound, match="no-such-item"):
        movies.recommender.similar("no-such-item")
    with pytest.raises(InvalidInput, match="k is 0"):
        movies.recommender.similar(1, k=0)
    with pytest.raises(InvalidInput, match="diversity is 2"):
        movies.recommender.similar(1, diversity=2)
    with pytest.raises(InvalidInput, match="exclude is the text"):
        movies.recommender.similar(1, exclude="3")


def test_an_item_imported_after_publishing_is_told_apart_from_an_unknown_one(
    movies: Movies,
) -> None:
    with pytest.raises(
        NotFound,
        match=r"'900' has no vector.*imported later.*refresh --catalogue movies.*publish again",
    ):
        movies.recommender.similar(NEW_ITEM)
