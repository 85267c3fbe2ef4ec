"""A real Milvus server is killed, halted and started anew, and the same object goes on.

Waits are for what is to happen; nothing here measures a time.
"""

import threading
from collections.abc import Iterator

import numpy as np
import pytest

from nearfield.errors import Unavailable
from nearfield.types import Ids
from nearfield.vectors.embeddings import Embeddings
from nearfield.vectors.milvus import MilvusIndex
from nearfield.vectors.options import MilvusOptions
from nearfield.vectors.spaces import Spaces
from real_servers.milvus import MilvusServer, restartable_milvus
from service_process import wait_for

pytestmark = [pytest.mark.servers, pytest.mark.milvus]

ROWS, DIM, PATIENCE = 3_000, 16, 60.0
IMPATIENT = MilvusOptions(answer_seconds=1.0, connect_seconds=1.0)


def rows(seed: int, count: int = ROWS) -> Embeddings:
    vectors = np.random.default_rng(seed).normal(size=(count, DIM)).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    return Embeddings(np.arange(1, count + 1), vectors, {})


def holds(spaces: Spaces, wanted: Embeddings) -> bool:
    index = spaces.open("movies", "fusion")[1]
    some = np.arange(0, len(wanted.ids), 97)
    found = index.search(wanted.vectors[some], 1).ids.ravel()
    return bool((found == wanted.ids[some]).all())


@pytest.fixture(scope="module")
def server() -> Iterator[MilvusServer]:
    # of a killed server the new one waits for the leases
    with restartable_milvus(settings={"common.session.ttl": "15"}) as found:
        yield found


@pytest.fixture(scope="module")
def spaces(server: MilvusServer) -> Iterator[Spaces]:
    with Spaces(server.uri, options=IMPATIENT) as opened:
        list(opened.publish("movies", "fusion", "v1", rows(1)))
        yield opened


def is_refused(spaces: Spaces) -> bool:
    """Ask once; Unavailable must come of it, and it tells whether Milvus was not even asked."""
    with pytest.raises(Unavailable) as told:
        holds(spaces, rows(1))
    return "is not asked until it does" in str(told.value)


def test_a_publish_inserts_indexes_loads_and_answers(server: MilvusServer) -> None:
    with Spaces(server.uri) as spaces:
        steps = [at.step for at in spaces.publish("songs", "sound", "v1", rows(2))]
        order = ["fill", "index", "load", "check", "swap", "canary", "done"]
        assert list(dict.fromkeys(steps)) == order
        again = [at.step for at in spaces.publish("songs", "sound", "v1", rows(2))]
        assert again == ["check", "swap", "canary", "done"]
        space, index = spaces.open("songs", "sound")
        assert isinstance(index, MilvusIndex)
        assert (space.rows, spaces.count(space)) == (ROWS, ROWS)
        assert spaces.held(space).tolist() == rows(2).ids.tolist()
        spaces.upsert(space, np.array([7, ROWS + 1]), rows(3).vectors[:2])
        assert spaces.count(space) == ROWS + 1
        np.testing.assert_allclose(index.get(np.array([7])), rows(3).vectors[:1], atol=1e-6)
        list(spaces.publish("songs", "sound", "v1", rows(2, ROWS - 5)))  # mended in place
        assert spaces.count(space) == ROWS - 5
        spaces.drop("songs")


def test_a_publish_cut_off_anywhere_is_done_by_the_next(spaces: Spaces) -> None:
    list(spaces.publish("cut", "fusion", "whole", rows(4, 200)))
    for last in ("fill", "index", "check"):
        running = spaces.publish("cut", "fusion", "v1", rows(4, 200))
        while next(running).step != last:
            pass
        running.close()
        assert spaces.open("cut", "fusion")[0].version == "whole"
    list(spaces.publish("cut", "fusion", "v1", rows(5, 200)))
    assert spaces.open("cut", "fusion")[0].version == "v1"
    assert spaces.count(spaces.open("cut", "fusion")[0]) == 200
    spaces.drop("cut")


def test_searches_among_some_rows_agree_with_exact_ones(spaces: Spaces) -> None:
    index, made = spaces.open("movies", "fusion")[1], rows(1)
    queries, rng = rows(9, 5).vectors, np.random.default_rng(0)
    for size in (1, 50, 400, 1_500, ROWS):
        only: Ids = np.sort(rng.permutation(ROWS)[:size]) + 1
        scores = queries @ made.vectors[only - 1].T
        found = index.search(queries, 10, only=only)
        assert np.isin(found.ids[found.ids > 0], only).all()
        best = -np.sort(-scores, axis=1)[:, :10]
        same = np.abs(found.scores[:, : best.shape[1]] - best) < 1e-5
        assert same.mean() >= 0.98
        far = only[np.argsort(scores[0])[: max(1, size // 10)]]  # none of them near
        worst = index.search(queries[:1], 10, only=far)
        assert set(worst.ids[0].tolist()) - {-1} <= set(far.tolist())
        assert (worst.ids[0] > 0).sum() == min(10, len(far))


def test_more_replicas_than_nodes_are_refused(server: MilvusServer) -> None:
    with Spaces(server.uri, options=MilvusOptions(replicas=2)) as spaces:
        with pytest.raises(Unavailable, match=r"2 times.*NEARFIELD_MILVUS_REPLICAS.*fewer"):
            list(spaces.publish("twice", "fusion", "v1", rows(1, 50)))
        assert spaces.health().state == "ok"
        spaces.drop("twice")


def test_a_server_that_was_killed_is_found_again(server: MilvusServer, spaces: Spaces) -> None:
    assert holds(spaces, rows(1))
    server.kill()
    wait_for(lambda: is_refused(spaces), PATIENCE)
    health = spaces.health()
    assert health.state in ("open", "probing")
    assert health.failures > 0
    assert health.error
    with pytest.raises(Unavailable, match="is not asked until it does"):
        list(spaces.publish("movies", "fusion", "v2", rows(2)))
    server.start()
    wait_for(lambda: spaces.health().state == "ok", PATIENCE)

    def answers() -> bool:
        try:
            return holds(spaces, rows(1))
        except Unavailable:
            return False

    wait_for(answers, PATIENCE)
    assert spaces.health().failures == 0
    list(spaces.publish("movies", "fusion", "v2", rows(2)))
    assert holds(spaces, rows(2))
    assert spaces.rollback("movies", "fusion").version == "v1"


def test_a_server_that_accepts_and_says_nothing_is_given_up(
    server: MilvusServer, spaces: Spaces
) -> None:
    assert holds(spaces, rows(1))
    server.halt()
    try:
        # many ask at once, and none waits for another
        askers = [threading.Thread(target=is_refused, args=(spaces,)) for _ in range(8)]
        for asker in askers:
            asker.start()
        for asker in askers:
            asker.join(PATIENCE)
            assert not asker.is_alive()
        wait_for(lambda: is_refused(spaces), PATIENCE)
    finally:
        server.go_on()
    wait_for(lambda: spaces.health().state == "ok", PATIENCE)
    assert holds(spaces, rows(1))


def test_who_starts_while_milvus_is_away_finds_it_later(server: MilvusServer) -> None:
    server.halt()
    try:
        with Spaces(server.uri, options=IMPATIENT) as late:
            assert is_refused(late) is False
            server.go_on()

            def answers() -> bool:
                try:
                    return holds(late, rows(1))
                except Unavailable:
                    return False

            wait_for(answers, PATIENCE)
    finally:
        server.go_on()
