"""The model card: what a trained model is, in JSON beside its weights."""

import json
import os
import secrets
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from nearfield.errors import InvalidInput, NotFound

CARD = "card.json"
WEIGHTS = "weights.safetensors"
"""Name of the file of a model's tensors."""


def new_version(now: datetime | None = None) -> str:
    """Return a version that sorts by time and is not given twice, e.g. 20261121-231500-1a2cd3.

    The last part begins with the millisecond: small models are trained within the same second.
    """
    moment = now or datetime.now(UTC)
    millisecond = f"{moment.microsecond // 1000:03x}"
    return f"{moment:%Y%m%d-%H%M%S}-{millisecond}{secrets.token_hex(2)[:3]}"


def moment_of(version: str) -> str:
    """Return when a version was begun, ISO 8601 in UTC.

    >>> moment_of("20261121-231500-ab12cd")
    '2026-11-21T23:15:00+00:00'
    """
    day, hour, _ = version.split("-")
    return f"{day[:4]}-{day[4:6]}-{day[6:]}T{hour[:2]}:{hour[2:4]}:{hour[4:]}+00:00"


def write_json(path: Path, content: Mapping[str, Any]) -> None:
    """Write JSON so that a reader sees the old file or the new one, never a part."""
    partial = path.with_name(path.name + ".partial")
    with partial.open("w", encoding="utf-8") as file:
        json.dump(content, file, indent=2)  # in the order given: code books depend on it
        file.flush()
        os.fsync(file.fileno())
    partial.replace(path)


def read_json(path: Path) -> dict[str, Any]:
    """Read a JSON object; say which file is wrong where it is not one."""
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise NotFound(f"{path} does not exist; is {path.parent} the folder of a model?") from error
    except (UnicodeDecodeError, json.JSONDecodeError) as error:
        raise InvalidInput(f"{path} is not JSON ({error}); train or copy it anew.") from error
    if not isinstance(content, dict):
        raise InvalidInput(f"{path} holds {type(content).__name__}, not a JSON object.")
    return content
