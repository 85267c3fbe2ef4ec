"""Catalogues in which there is little or nothing to learn, with every recommender."""

from pathlib import Path

import pandas as pd
import pytest

from nearfield.errors import InvalidInput
from nearfield.home import Nearfield
from small_home import SETTINGS, TINY, TINY_GRAPH

ITEMS = pd.DataFrame({"item": ["é-1", "b", "c c", "d"], "title": ["One", "Two", "Three", "Four"]})


def events(pairs: list[tuple[str, str]]) -> pd.DataFrame:
    frame = pd.DataFrame(pairs, columns=["user", "item"])
    return frame.assign(rating=4.0, timestamp=range(10**9, 10**9 + len(pairs)))


@pytest.mark.parametrize("recommender", SETTINGS)
def test_without_histories_training_says_what_is_missing(tmp_path: Path, recommender: str) -> None:
    with Nearfield(tmp_path / "home") as nearfield:
        nearfield.import_tables("shop", items=ITEMS)
        with pytest.raises(InvalidInput, match=r"has 0 events.*import"):
            nearfield.train(recommender, **SETTINGS[recommender])
        single = events([("u", "b"), ("v", "d")])
        nearfield.import_tables("shop", items=ITEMS, events=single)
        with pytest.raises(InvalidInput, match=r"has 2 events.*import"):
            nearfield.train(recommender, **SETTINGS[recommender])
        assert nearfield.models() == []


def test_text_ids_single_events_and_repeated_ones_are_answered(tmp_path: Path) -> None:
    pairs = [("Ann", "b"), ("Ann", "é-1"), ("Ann", "b"), ("Bo", "é-1"), ("Bo", "b"), ("Cy", "d")]
    with Nearfield(tmp_path / "home") as nearfield:
        nearfield.import_tables("shop", items=ITEMS, events=events(pairs))
        nearfield.train("fusion", **TINY)
        nearfield.publish()
        nearfield.train("graph", **TINY_GRAPH)
        nearfield.publish()
        for space in ("fusion", "graph", "blend"):
            assert {one.item for one in nearfield.similar_items("é-1", space=space)} == {
                "b",
                "c c",
                "d",
            }
            alone = nearfield.recommend(user="Cy", space=space)
            assert {one.item for one in alone} == {"é-1", "b", "c c"}
            assert {one.space for one in alone} == {space}
        assert nearfield.recommend(user="Ann", space="blend", diversity=0.5)
