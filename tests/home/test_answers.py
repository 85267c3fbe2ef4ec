"""What one asks of a home: recommendations and similar items."""

import math
import shutil
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from nearfield.errors import InvalidInput, NotFound
from nearfield.home import Nearfield
from small_home import TINY_GRAPH
from synthetic import make_tables


@pytest.fixture(scope="module")
def nearfield(filled: Path) -> Iterator[Nearfield]:
    with Nearfield(filled) as opened:
        yield opened


def seen_by(user: int) -> set[str]:
    events = make_tables().events
    return {item for who, item in events.select("user", "item").rows() if who == str(user)}


@pytest.mark.parametrize("user", [1, 2, 30, "60"])
def test_nobody_is_recommended_what_they_have_seen(nearfield: Nearfield, user: int) -> None:
    answers = nearfield.recommend(user=user, n=80)
    assert len(answers) == 80 - len(seen_by(user))
    assert not seen_by(user) & {str(one.item) for one in answers}


def test_the_same_ask_has_the_same_answer(nearfield: Nearfield) -> None:
    assert nearfield.recommend(user=3) == nearfield.recommend(user=3)


def test_threads_get_the_answers_that_one_gets(nearfield: Nearfield) -> None:
    alone = [nearfield.recommend(user=user) for user in range(1, 21)]
    with ThreadPoolExecutor(8) as pool:
        together = list(pool.map(lambda user: nearfield.recommend(user=user), range(1, 21)))
    assert together == alone


def test_any_part_of_a_user_may_be_missing(nearfield: Nearfield) -> None:
    known = nearfield.recommend(user=1)
    anonymous = nearfield.recommend(liked={1: 2.0, 7: 1.0})
    bare = nearfield.recommend(attributes={"age": 25, "gender": "F", "occupation": 4})
    for answers in (known, anonymous, bare):
        assert [one.space for one in answers] == ["fusion"] * 10
        assert all(-1 <= one.score <= 1 for one in answers)
    assert not {1, 7} & {one.item for one in anonymous}
    assert bare[0].reasons[0].text == "because of your age, gender and occupation"


def test_popularity_answers_whoever_says_nothing(nearfield: Nearfield) -> None:
    answers = nearfield.recommend(n=3)
    assert [one.space for one in answers] == ["popularity"] * 3
    assert all(math.isnan(one.score) for one in answers)


def test_someone_without_attributes_is_not_told_of_a_profile(nearfield: Nearfield) -> None:
    reasons = [why.text for one in nearfield.recommend(liked=[1, 7]) for why in one.reasons]
    assert reasons
    assert not any("your profile" in text for text in reasons)


def test_conditions_and_lists_hold(nearfield: Nearfield) -> None:
    answers = nearfield.recommend(
        user=1, n=80, where="genre = 'Drama' and year >= 1980", exclude=[3], diversity=0.5
    )
    assert answers
    assert all("Drama" in one.genres and (one.year or 0) >= 1980 for one in answers)
    allowed = {one.item for one in answers[:2]}
    again = nearfield.recommend(user=1, allow=sorted(allowed, key=str))
    assert {one.item for one in again} == allowed


def test_an_item_is_not_similar_to_itself(nearfield: Nearfield) -> None:
    answers = nearfield.similar_items(5, n=79)
    assert len(answers) == 79
    assert 5 not in {one.item for one in answers}


def test_the_only_catalogue_need_not_be_named(nearfield: Nearfield) -> None:
    assert nearfield.recommend(user=1) == nearfield.recommend(user=1, catalogue="movies")


def test_what_is_unknown_is_named(nearfield: Nearfield) -> None:
    with pytest.raises(NotFound, match=r"'films'.*Known: movies"):
        nearfield.recommend(user=1, catalogue="films")
    with pytest.raises(NotFound, match="users: '999'"):
        nearfield.recommend(user=999)
    with pytest.raises(
        InvalidInput, match="no space 'taste': there are fusion, graph, sound, and bl"
    ):
        nearfield.recommend(user=1, space="taste")
    with pytest.raises(NotFound, match=r"no published graph space.*publish.*Published is: fusion"):
        nearfield.recommend(user=1, space="blend")


def test_an_empty_home_says_how_to_begin(tmp_path: Path) -> None:
    with Nearfield(tmp_path / "new") as new, pytest.raises(NotFound, match="nearfield demo movies"):
        new.recommend(user=1)


def test_several_catalogues_must_be_told_apart(home: Path) -> None:
    with Nearfield(home) as opened:
        opened.import_tables("songs", items=make_tables().items)
        with pytest.raises(InvalidInput, match=r"2 catalogues \(movies, songs\).*--catalogue"):
            opened.recommend(user=1)
        with pytest.raises(NotFound, match="nearfield publish --catalogue songs"):
            opened.recommend(catalogue="songs")
        assert opened.recommend(user=1, catalogue="movies")


def test_spaces_are_blended_by_weights(both: Path) -> None:
    with Nearfield(both) as opened:
        ask = {name: opened.recommend(user=1, n=80, space=name) for name in ("fusion", "graph")}
        mixed = opened.recommend(user=1, n=80, space={"fusion": 0.6, "graph": 0.4})
        scores = {name: {one.item: one.score for one in answer} for name, answer in ask.items()}
        assert {one.item for one in mixed} == set(scores["fusion"])
        for one in mixed:
            expected = 0.6 * scores["fusion"][one.item] + 0.4 * scores["graph"][one.item]
            assert one.score == pytest.approx(expected, abs=1e-4)
            assert sum(why.share for why in one.reasons) <= 1 + 1e-5
        assert opened.recommend(user=1, space={"fusion": 1}) == opened.recommend(user=1)
        assert opened.recommend(user=1, space="blend") == opened.recommend(user=1, space="blend")
        with pytest.raises(InvalidInput, match="no space 'magic': there are fusion, graph"):
            opened.recommend(user=1, space={"magic": 1})
        for share in range(1, 130):  # ever new weights
            assert opened.recommend(user=1, n=1, space={"fusion": share, "graph": 1})


def test_a_blend_follows_what_is_published(both: Path, tmp_path: Path) -> None:
    home = Path(shutil.copytree(both, tmp_path / "home"))
    with Nearfield(home) as opened:
        before = opened.recommend(user=1, space="blend")
        opened.train("graph", **TINY_GRAPH, seed=3)
        opened.publish()
        assert opened.recommend(user=1, space="blend") != before
        opened.rollback(space="graph")
        assert opened.recommend(user=1, space="blend") == before


def test_the_graph_tells_nothing_of_attributes_alone(both: Path) -> None:
    with Nearfield(both) as opened:
        bare: dict[str, str | int] = {"age": 25, "gender": "F"}
        graph = opened.recommend(attributes=bare, space="graph")
        assert {one.space for one in graph} == {"popularity"}
        blend = opened.recommend(attributes=bare, space="blend")
        fusion = opened.recommend(attributes=bare)
        assert [one.item for one in blend] == [one.item for one in fusion]
        known = opened.recommend(user=1, space="graph")
        assert all(why.item is not None for one in known for why in one.reasons)
