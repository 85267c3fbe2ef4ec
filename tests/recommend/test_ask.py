"""A wish is checked before anything is looked up; each message names the remedy."""

import math
from typing import Any

import numpy as np
import pytest

from nearfield.errors import InvalidInput
from nearfield.recommend.ask import MOST, Ask


@pytest.mark.parametrize("k", [0, -1, MOST + 1, 2.5, True, "10", None])
def test_k_outside_its_range_is_refused(k: Any) -> None:
    with pytest.raises(InvalidInput, match=r"k is .*1 to 1000 items.*Give such a number"):
        Ask(k=k)


def test_k_may_be_a_numpy_integer() -> None:
    assert Ask(k=np.int64(5)).k == 5  # type: ignore[arg-type]


@pytest.mark.parametrize("diversity", [-0.1, 1.1, math.nan, "0.3", None])
def test_diversity_outside_its_range_is_refused(diversity: Any) -> None:
    with pytest.raises(InvalidInput, match=r"diversity is .*from 0 .* to 1"):
        Ask(diversity=diversity)


@pytest.mark.parametrize("weight", [math.nan, math.inf, 0.0, -1.0, "2", None])
def test_a_weight_that_does_not_count_for_is_refused(weight: Any) -> None:
    with pytest.raises(InvalidInput, match=r"'7' has weight .*above 0.*`disliked`"):
        Ask(liked={"7": weight})


@pytest.mark.parametrize("weight", [math.nan, 0.0, -1.0, "2"])
def test_a_dislike_has_a_weight_above_0_too(weight: Any) -> None:
    with pytest.raises(InvalidInput, match=r"disliked item '7' has weight .*above 0"):
        Ask(disliked={"7": weight})
    assert Ask(disliked=["7", 8]).dislikes == {"7": 1.0, 8: 1.0}
    assert Ask(disliked={"7": 0.5}).dislikes == {"7": 0.5}


@pytest.mark.parametrize("name", ["liked", "disliked", "exclude", "allow"])
def test_one_text_is_not_a_list_of_ids(name: str) -> None:
    wish: dict[str, Any] = {name: "1,260"}
    with pytest.raises(InvalidInput, match=rf"{name} is the text '1,260'.*split it at its commas"):
        Ask(**wish)


def test_likes_keep_their_order_and_weights() -> None:
    assert Ask(liked=[3, 1, 3]).likes == {3: 1.0, 1: 1.0}
    assert list(Ask(liked={2: 0.5, 1: 2}).likes.items()) == [(2, 0.5), (1, 2.0)]
