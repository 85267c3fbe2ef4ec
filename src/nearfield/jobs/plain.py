"""Results as JSON can hold them."""

import json
from typing import Any

from pydantic_core import to_json


def plain(value: Any) -> Any:
    """Return the same in lists, mappings, texts and numbers; NaN and infinity become None.

    >>> from pathlib import Path
    >>> plain({"path": Path("a"), "loss": float("nan"), "rows": (1, 2)})
    {'path': 'a', 'loss': None, 'rows': [1, 2]}
    """
    return json.loads(to_json(value, inf_nan_mode="null", fallback=_number))


def _number(value: Any) -> Any:
    """Return a number of numpy as one of Python, anything else as text."""
    item = getattr(value, "item", None)
    return str(value) if item is None else item()
