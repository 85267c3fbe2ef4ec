import pytest
from hypothesis import given
from hypothesis import strategies as st

from nearfield.errors import InvalidInput
from nearfield.vectors.names import SpaceName

part = st.text(
    st.characters(exclude_categories=["Cs"]), min_size=1, max_size=6
)  # three fit into Milvus


@given(part, part, part)
def test_any_name_survives_milvus(catalogue: str, recommender: str, version: str) -> None:
    name = SpaceName(catalogue, recommender, version)
    assert SpaceName.parse(name.collection) == name
    for physical in (name.collection, name.alias, name.before):
        assert physical.isascii()
        assert physical.replace("_", "a").isalnum()
        assert physical[0].isalpha()


@given(st.tuples(part, part, part), st.tuples(part, part, part))
def test_different_names_stay_different(
    left: tuple[str, str, str], right: tuple[str, str, str]
) -> None:
    assert (SpaceName(*left).collection == SpaceName(*right).collection) == (left == right)
    assert (SpaceName(*left).alias == SpaceName(*right).alias) == (left[:2] == right[:2])


@pytest.mark.parametrize("foreign", ["items", "nf_movies", "nf_a_b_c_d", "xx_a_b_c", "", "_"])
def test_other_peoples_collections_are_not_ours(foreign: str) -> None:
    assert SpaceName.parse(foreign) is None


def test_aliases_are_not_taken_for_collections() -> None:
    name = SpaceName("movies", "fusion", "1")
    assert SpaceName.parse(name.alias) is None
    assert SpaceName.parse(name.before) is None


def test_names_that_milvus_cannot_take_are_refused() -> None:
    with pytest.raises(InvalidInput, match=r"'', 'fusion', '1'.*an empty one"):
        _ = SpaceName("", "fusion", "1").collection
    with pytest.raises(InvalidInput, match=r"make 31\d characters.*takes 255.*shorter"):
        _ = SpaceName("x" * 300, "fusion", "1").collection
