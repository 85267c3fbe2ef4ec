"""What is in `user.onnx`, the user tower beside a model's weights: names that its reader relies on.

The file holds the weights of the network alone. Tables with a row for every item or user stay in
the weights file, which is not read into memory; their rows that a query needs are inputs.
"""

from typing import Final

TOWER: Final = "user.onnx"

ITEMS: Final = "items:"
"""Begins the name of an input that holds a row for each event, of the item's: the rest names the
table. Shape (events,) or (events, columns)."""

USER: Final = "user:"
"""Begins the name of the input that is the user's row of a table, shape (1, columns)."""

RATINGS: Final = "ratings"
"""Input, int64, shape (events,): codes of the ratings, 0 where there is none."""

WEIGHTS: Final = "weights"
"""Input, float32, shape (events,): how much each event counts."""

ATTRIBUTES: Final = "attributes"
"""Input, int64, shape (attributes,): codes, 0 where not known."""

VECTOR: Final = "vector"
"""Output, float32, shape (dim,): not of unit length."""

ATTENTION: Final = "attention"
"""Output, float32, shape (1 + events,): share of the token before the first event, then of each."""

RECENCY: Final = "recency"
"""Output, float32, shape (events,): how much each event counts in the recency mean."""

REACH: Final = "reach"
"""Setting, an int: how many of the newest events are read."""

INTERESTS: Final = "interests"
"""Setting, an int: most interests that a history is parted in."""

INTEREST_SHARE: Final = "interest_share"
"""Setting, a float: of a score, by the interest nearest to the item."""

ITEM_KEYS: Final = "item_keys"
"""Tensor of the weights file, int64: catalogue key of each row of the tables of items, rising."""

USER_KEYS: Final = "user_keys"
"""The same of users; those tables have one more row, for everyone else."""

ITEM_VECTORS: Final = "item_vectors"
"""Tensor of the weights file, float32, shape (items, dim): not of unit length."""
