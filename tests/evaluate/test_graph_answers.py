"""What `evaluate` measures of the graph model is what `recommend` answers with."""

import numpy as np
import pytest

from nearfield.datasets.histories import event_weights
from nearfield.datasets.tables import Collection
from nearfield.evaluate.graph_model import GraphScorer
from nearfield.graph.config import GraphConfig
from nearfield.graph.model import GraphModel
from nearfield.graph.train import GraphTrainer
from nearfield.recommend.view import SpaceView
from nearfield.types import UserQuery
from nearfield.vectors.exact import ExactIndex
from synthetic import make_tables


@pytest.mark.parametrize("share", [0.0, 0.4])
def test_scores_are_those_of_the_answer_path(share: float) -> None:
    collection = Collection.from_tables("movies", make_tables())
    config = GraphConfig(
        dim=16, width=16, id_dim=16, heads=2, window=12, epochs=1, walks=10, interest_share=share
    )
    trainer = GraphTrainer(collection, config)
    for _ in trainer.run():
        pass
    model = GraphModel.from_trainer(trainer, {})
    ids, vectors = model.embed_items(collection)
    index = ExactIndex(16)
    index.upsert(ids, vectors)
    view = SpaceView("graph", index, model)
    users = np.arange(10, dtype=np.int32)
    measured = GraphScorer(trainer).scores(users)
    events = collection.interactions
    for user in users:
        own = events.take(events.user == user)
        look = view.look(
            UserQuery(
                items=collection.item_keys[own.item],
                values=own.value,
                weights=event_weights(own.kind),
            )
        )
        assert look is not None
        assert (look.interests is not None) == (share > 0)
        np.testing.assert_allclose(look.scores(ids), measured[user], atol=1e-4)
