"""The report says everything, needs no network, and cannot be broken by a name."""

import re
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path

import pytest

from nearfield.datasets.tables import Collection
from nearfield.errors import InvalidInput
from nearfield.evaluate.breakdowns import Bucket
from nearfield.evaluate.report import render, write_report
from nearfield.evaluate.rows import Row
from synthetic import make_tables

EVIL = "<script>alert('$title')</script>"

ROWS = (
    Row(
        EVIL,
        {"hr@10": 0.25, "ndcg@10": 0.125, "fit_seconds": 1234.5},
        chosen={"l2": 500.0},
        by_history=(Bucket("0-9", 30, 0.1), Bucket("10-19", 4, 0.2)),
        popularity=(0.5, 0.5, *[0.0] * 8),
        curve=({"epoch": 1, "loss": 2.0}, {"epoch": 2, "loss": 1.5, "ndcg@10": 0.1}),
    ),
    Row(
        "other",
        {"hr@10": 0.5, "ndcg@10": 0.1},
        by_history=(Bucket("0-9", 30, 0.3), Bucket("10-19", 4, 0.1)),
        popularity=(0.1,) * 10,
    ),
)


@pytest.fixture(scope="module")
def collection() -> Collection:
    return Collection.from_tables(EVIL, make_tables(users=10, items=20, events=60))


@pytest.fixture(scope="module")
def page(collection: Collection) -> str:
    rating = (Row("bias", {"rmse": 0.9}), Row("worse", {"rmse": 1.1}))
    return render(collection, {"last-out": ROWS, "rating": rating})


class Tags(HTMLParser):
    """Checks that tags are closed in order, and keeps their names and addresses."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.names: list[str] = []
        self.addresses: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.names.append(tag)
        self.addresses += [value or "" for name, value in attrs if name.endswith(("href", "src"))]
        if tag != "meta":
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.addresses += [value or "" for name, value in attrs if name.endswith(("href", "src"))]

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def test_the_page_is_well_formed_and_refers_to_nothing_outside(page: str) -> None:
    tags = Tags()
    tags.feed(page)
    assert tags.open == []
    assert tags.names.count("svg") == 3
    assert all(address.startswith("#") for address in tags.addresses)
    assert "url(http" not in page
    assert "@import" not in page


def test_names_cannot_become_markup(page: str) -> None:
    assert "<script" not in page
    assert "alert('$title')".replace("'", "&#x27;") in page


def test_the_table_holds_the_figures_and_marks_the_best(page: str) -> None:
    assert "<td class='best'>0.1250</td>" in page
    assert "<td class='best'>0.5000</td>" in page
    assert "<td class='best'>0.9000</td>" in page  # of an error, the smallest is best
    assert "<td>1,234.5</td>" in page
    assert "l2 500.0" in page


def test_plots_use_the_colours_of_the_page(page: str) -> None:
    assert "var(--line0)" in page
    assert "var(--step9)" in page
    assert "#0102" not in page
    assert "#0103" not in page
    used = set(re.findall(r"var\((--\w+)\)", page))
    assert used <= set(re.findall(r"(--\w+):", page))


def test_the_same_rows_give_the_same_page(collection: Collection) -> None:
    sections = {"last-out": ROWS}
    assert render(collection, sections) == render(collection, sections)


def test_buckets_of_few_users_are_not_drawn(page: str) -> None:
    assert "(30)" in page
    assert "10-19" not in page


def test_ids_of_two_plots_do_not_clash(page: str) -> None:
    ids = re.findall(r'<clipPath id="([^"]+)"', page)
    assert len(ids) == len(set(ids))


def test_an_unknown_protocol_is_refused(collection: Collection) -> None:
    with pytest.raises(InvalidInput, match="no protocol 'x'; there are last-out, random"):
        render(collection, {"x": ROWS})


def test_the_file_replaces_an_older_one(collection: Collection, tmp_path: Path) -> None:
    path = tmp_path / "report.html"
    path.write_text("old")
    write_report(path, collection, {"last-out": ROWS})
    assert path.read_text(encoding="utf-8").startswith("<!doctype html>")
    assert list(tmp_path.iterdir()) == [path]


def test_a_missing_folder_is_named(collection: Collection, tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match="nowhere is not a folder; make it first"):
        write_report(tmp_path / "nowhere" / "x.html", collection, {"last-out": ROWS})


def test_without_matplotlib_the_page_says_what_is_missing() -> None:
    code = (
        "import sys; sys.modules['matplotlib'] = None\n"
        "from nearfield.evaluate import plots, report\n"
        "from nearfield.evaluate.rows import Row\n"
        "print(plots.available(), report._section('rating', [Row('x', {'rmse': 1.0})]))\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.startswith("False")
    assert "Plots need matplotlib" in done.stdout
