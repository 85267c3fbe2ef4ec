"""The example in docs/evaluation.md runs."""

import re
from pathlib import Path

import pytest

from nearfield.datasets.tables import Collection
from synthetic import make_tables

PAGE = Path(__file__).parents[2] / "docs" / "evaluation.md"


def test_the_model_of_the_page_gets_its_row(capsys: pytest.CaptureFixture[str]) -> None:
    (code,) = re.findall(r"```python\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    collection = Collection.from_tables("small", make_tables())
    exec(code, {"collection": collection, "__name__": "page"})
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].startswith("{'model': 'newest', 'hr@10'")
    assert "EASE + recency" in lines[-1]
