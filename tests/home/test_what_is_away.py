"""What is away decides what is said: without Milvus less is, without SQL nothing."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from failing_sql import check_errors
from nearfield.errors import InUse, NotInstalled, Unavailable, VectorsAway
from nearfield.home import Nearfield
from nearfield.recommend.blend import SpaceAway, asking
from nearfield.types import Recommendations

Question = Callable[[Nearfield], Recommendations]

QUESTIONS: dict[str, Question] = {
    "recommend": lambda home: home.recommend(user=3, space="fusion"),
    "recommend from a blend": lambda home: home.recommend(user=3, space="blend"),
    "similar": lambda home: home.similar_items(5, space="fusion"),
    "similar in a blend": lambda home: home.similar_items(5, space="blend"),
}


@pytest.fixture
def nearfield(both: Path) -> Iterator[Nearfield]:
    with Nearfield(both) as opened:
        yield opened


@pytest.mark.parametrize("question", QUESTIONS.values(), ids=QUESTIONS)
def test_without_sql_the_answer_is_an_error_and_no_lesser_one(
    nearfield: Nearfield, question: Question
) -> None:
    check_errors(nearfield.stores.catalogues._database, lambda: question(nearfield))
    assert not nearfield._recommenders.outage.counts


def test_without_milvus_less_is_said(both: Path) -> None:
    with Nearfield(both, milvus_uri="http://127.0.0.1:9") as nearfield:  # nobody listens there
        for question in QUESTIONS.values():
            assert question(nearfield).degraded == "popular"
        with pytest.raises(VectorsAway, match=r"http://127\.0\.0\.1:9"):
            nearfield.stores.spaces.ping()


@pytest.mark.parametrize("kind", [InUse, NotInstalled, Unavailable])
def test_a_space_is_away_only_where_its_vectors_are(kind: type[Unavailable]) -> None:
    with pytest.raises(kind) as told, asking("graph"):
        raise kind("said so")
    assert type(told.value) is kind
    with pytest.raises(SpaceAway, match="said so") as away, asking("graph"):
        raise VectorsAway("said so")
    assert away.value.space == "graph"
