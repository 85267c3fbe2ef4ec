import numpy as np
import polars as pl
import pytest

from nearfield.datasets.tables import Collection
from nearfield.networks.features import UNKNOWN, Vocabulary


def test_values_that_training_did_not_see_are_unknown(collection: Collection) -> None:
    vocabulary = Vocabulary.fit(collection)
    codes = vocabulary.attribute_codes([{"gender": "x", "age": "25"}, {}])
    age = list(vocabulary.attributes).index("age")
    assert codes[0, age] > UNKNOWN
    assert np.delete(codes[0], age).tolist() == [UNKNOWN] * (len(vocabulary.attributes) - 1)
    assert not codes[1].any()


@pytest.mark.parametrize(("years", "same"), [("25", "34"), ("1", "17"), ("56", "99")])
def test_ages_of_one_bucket_have_one_code(collection: Collection, years: str, same: str) -> None:
    vocabulary = Vocabulary.fit(collection)
    codes = vocabulary.attribute_codes([{"age": years}, {"age": same}])
    assert codes[0].tolist() == codes[1].tolist()


def test_ratings_take_the_nearest_level(collection: Collection) -> None:
    vocabulary = Vocabulary.fit(collection)
    values = np.array([np.nan, 1.0, 4.9, 50.0], dtype=np.float32)
    codes = vocabulary.rating_codes(values)
    assert codes[0] == UNKNOWN
    assert codes[2] == codes[3] == len(vocabulary.ratings)


def test_missing_facts_of_an_item_are_zeros(collection: Collection) -> None:
    vocabulary = Vocabulary.fit(collection)
    items = pl.DataFrame(
        {"key": [1], "item": ["x"], "title": [""], "year": [None], "genres": [["nonsense"]]},
        schema_overrides={"year": pl.Int64},
    )
    features = vocabulary.item_features(items)
    assert not features.genres.any()
    assert not features.words.any()
    assert features.years.tolist() == [UNKNOWN]
