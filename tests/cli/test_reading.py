"""How options are read and answers are shown, without a home."""

import json
import math
from io import StringIO

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console

from nearfield.cli.answers import as_data, as_table, fitting
from nearfield.cli.output import without_nan
from nearfield.cli.parameters import read_ids, read_weights
from nearfield.types import Reason, Recommendation


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("", {}),
        ("1,260, 1196", {"1": 1.0, "260": 1.0, "1196": 1.0}),
        ("1:2,260", {"1": 2.0, "260": 1.0}),
        ("song:a,song:b:0.5", {"song:a": 1.0, "song:b": 0.5}),
        (":3", {":3": 1.0}),
    ],
)
def test_liked_items_may_carry_weights(text: str, wanted: dict[str, float]) -> None:
    assert read_weights(text) == wanted


def test_ids_are_split_at_commas() -> None:
    assert read_ids(" a, b,,c ") == ["a", "b", "c"]


answers = st.lists(
    st.builds(
        Recommendation,
        item=st.one_of(st.integers(1, 10**9), st.text(min_size=1, max_size=12)),
        title=st.text(max_size=90),
        score=st.one_of(st.floats(-1, 1), st.just(math.nan)),
        space=st.just("fusion"),
        reasons=st.lists(
            st.builds(Reason, text=st.text(max_size=80), share=st.floats(0, 1)), max_size=3
        ).map(tuple),
        year=st.one_of(st.none(), st.integers(1900, 2030)),
    ),
    max_size=5,
)


@given(answers=answers, width=st.sampled_from([80, 120]))
def test_a_table_has_a_line_for_each_item_and_fits_the_terminal(
    answers: list[Recommendation], width: int
) -> None:
    printable = [
        one
        for one in answers
        if (one.title + str(one.item) + "".join(why.text for why in one.reasons)).isprintable()
    ]
    console = Console(file=StringIO(), width=width)
    with console.capture() as capture:
        console.print(as_table(printable, width))
    lines = capture.get().splitlines()
    assert len(lines) == 1 + len(printable)
    assert all(len(line) <= width for line in lines)


@given(answers=answers)
def test_answers_are_json_without_nan(answers: list[Recommendation]) -> None:
    text = json.dumps(without_nan(as_data(answers)), allow_nan=False)
    assert [set(one) for one in json.loads(text)] == [
        {"item", "title", "score", "space", "reasons", "year", "genres", "degraded"}
        for _ in answers
    ]


def test_the_score_shown_is_five_times_the_cosine() -> None:
    one = Recommendation(7, "Heat", 0.5, "fusion", year=1995)
    console = Console(file=StringIO(), width=80)
    with console.capture() as capture:
        console.print(as_table([one], 80))
    head, line = capture.get().splitlines()
    assert head.split() == ["Top", "Ids", "Title", "Score", "Because", "of"]
    assert line.split() == ["1", "7", "Heat", "(1995)", "2.50"]


def test_nothing_long_cuts_the_score() -> None:
    why = Reason("because you rated " + "a very long title " * 5, 1.0)
    one = Recommendation(123456, "another very long title " * 5, -0.5, "fusion", (why,))
    console = Console(file=StringIO(), width=80)
    with console.capture() as capture:
        console.print(as_table([one], 80))
    assert "  -2.50  " in capture.get()


def test_reasons_are_told_as_far_as_they_fit() -> None:
    reasons = [
        Reason("because of your age, gender and occupation", 0.5),
        Reason("because you rated Heat (1995) 5", 0.3, 6),
        Reason("because you liked Fargo (1996)", 0.2, 7),
    ]
    assert fitting(reasons, 30) == "Heat (1995) 5, Fargo (1996)"
    assert fitting(reasons, 10) == "Heat (1995) 5"
    assert fitting(reasons[:1], 30) == "age, gender, occupation"
    assert fitting([], 30) == ""
