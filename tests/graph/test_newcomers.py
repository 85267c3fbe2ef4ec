"""Items of which training saw no event: the same weights, over their first events."""

from copy import copy, deepcopy
from dataclasses import replace

import numpy as np
import polars as pl
import pytest
import torch
from numpy.typing import NDArray

from nearfield.datasets.tables import EVENT_KINDS, Collection, Interactions
from nearfield.graph.config import GraphConfig
from nearfield.graph.model import GraphModel
from nearfield.graph.train import GraphTrainer
from nearfield.types import Vectors

NEW_KEY, STRANGER_KEY = 9000, 7000


@pytest.fixture(scope="module")
def model(trainer: GraphTrainer) -> GraphModel:
    """Return a model whose vectors are largely what the convolutions say of the neighbours."""
    network = deepcopy(trainer.network)
    with torch.random.fork_rng(), torch.no_grad():
        torch.manual_seed(0)
        for weights in network.pinsage.parameters():
            weights.normal_(std=0.5 if weights.ndim > 1 else 0)
        network.pinsage.out.weight.mul_(8)
    loud = copy(trainer)
    loud.network = network
    loud.material = replace(trainer.material, network=network)
    return GraphModel.from_trainer(loud, {})


def with_copy(
    collection: Collection, of: int, kind: str = "rated", times: int = 1, known: bool = True
) -> Collection:
    """Append an item that is what row `of` is, touched by the same users, `times` over.

    Where not `known`, the events are of users that come after all others.
    """
    events = collection.interactions
    item = collection.items[of : of + 1].with_columns(key=pl.lit(NEW_KEY, pl.Int64))
    touched = np.repeat(np.flatnonzero(events.item == of), times)
    user = events.user[touched] + (0 if known else events.users)
    strangers = collection.users.with_columns(key=pl.col("key") + STRANGER_KEY)
    new = Interactions(
        user=np.concatenate([events.user, user]).astype(np.int32),
        item=np.append(events.item, np.full(len(user), events.items)).astype(np.int32),
        kind=np.append(events.kind, np.full(len(user), EVENT_KINDS.index(kind))).astype(np.int8),
        value=np.append(events.value, events.value[touched]),
        time=np.append(events.time, events.time[touched]),
        users=2 * events.users,
        items=events.items + 1,
    )
    return replace(
        collection,
        items=pl.concat([collection.items, item]),
        users=pl.concat([collection.users, strangers]),
        interactions=new.take(np.argsort(new.user, kind="stable")),
    )


def embed(model: GraphModel, collection: Collection) -> tuple[Vectors, NDArray[np.float32]]:
    """Return the vectors of the known items, and that of the new one."""
    keys, vectors = model.embed_items(collection)
    assert keys[-1] == NEW_KEY
    return vectors[:-1], vectors[-1]


def test_a_copy_of_an_item_lands_near_to_it(model: GraphModel, collection: Collection) -> None:
    ranks = []
    for row in range(0, 80, 5):
        known, new = embed(model, with_copy(collection, row))
        ranks.append(int((known @ new > known[row] @ new).sum()))
    assert np.mean(ranks) < 12  # of 80; 40 would be chance
    assert np.median(ranks) < 8


def test_first_events_say_more_than_none(model: GraphModel, collection: Collection) -> None:
    nearer = []
    for row in range(0, 80, 5):
        known, new = embed(model, with_copy(collection, row))
        _, bare = embed(model, with_copy(collection, row, times=0))
        nearer.append(float(known[row] @ new - known[row] @ bare))
    assert np.mean(nearer) > 0.1
    assert np.mean(np.array(nearer) > 0) > 0.9


def test_the_others_do_not_move(model: GraphModel, collection: Collection) -> None:
    before = model.embed_items(collection)[1]
    known, _ = embed(model, with_copy(collection, 3))
    assert np.array_equal(known, before)


def test_repeated_events_are_one(model: GraphModel, collection: Collection) -> None:
    once, again = (embed(model, with_copy(collection, 3, times=times))[1] for times in (1, 3))
    assert np.array_equal(once, again)


def test_what_does_not_count_for_it_tells_nothing(
    model: GraphModel, collection: Collection
) -> None:
    """Without events, disliked, or touched by strangers alone: what the item is, is all."""
    bare = embed(model, with_copy(collection, 3, times=0))[1]
    assert np.isclose(np.linalg.norm(bare), 1, atol=1e-5)
    assert not np.allclose(bare, embed(model, with_copy(collection, 3))[1], atol=1e-3)
    assert np.array_equal(bare, embed(model, with_copy(collection, 3, kind="disliked"))[1])
    assert np.array_equal(bare, embed(model, with_copy(collection, 3, known=False))[1])


def test_users_who_were_known_without_events_lead_nowhere(collection: Collection) -> None:
    """They had signed up when the model was trained; the first thing they took is new."""
    events = collection.interactions
    quiet = np.flatnonzero(events.item == 3)[:2]
    late = np.isin(events.user, [*events.user[quiet], events.users - 1])  # the last row, too
    config = GraphConfig(dim=16, width=16, id_dim=16, heads=2, epochs=1, batch=512)
    trainer = GraphTrainer(collection, config, events.take(~late))
    for _ in trainer.run():
        pass
    model = GraphModel.from_trainer(trainer, {})
    grown = with_copy(collection, 3)
    alone = replace(
        grown,
        interactions=grown.interactions.take(
            np.isin(grown.interactions.user, np.unique(events.user[late]))
        ),
    )
    bare = replace(grown, interactions=grown.interactions.take(grown.interactions.item < 80))
    assert np.array_equal(embed(model, alone)[1], embed(model, bare)[1])


def test_an_item_that_training_knew_without_events_gets_its_first(collection: Collection) -> None:
    """It is not new to the catalogue, but its events are."""
    events = collection.interactions
    config = GraphConfig(dim=16, width=16, id_dim=16, heads=2, epochs=2, batch=512)
    trainer = GraphTrainer(collection, config, events.take(events.item != 3))
    for _ in trainer.run():
        pass
    model = GraphModel.from_trainer(trainer, {})
    without = replace(collection, interactions=events.take(events.item != 3))
    before, after = (model.embed_items(source)[1] for source in (without, collection))
    moved = np.flatnonzero((np.abs(before - after) > 1e-6).any(axis=1))
    assert moved.tolist() == [3]
