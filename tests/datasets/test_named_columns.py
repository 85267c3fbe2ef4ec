"""CSV, Parquet and data frames with named columns."""

import datetime as dt
import gzip
from pathlib import Path
from typing import Any

import pandas as pd
import polars as pl
import pytest
from polars.testing import assert_frame_equal

from nearfield.datasets.columns import Reading, parse_columns
from nearfield.datasets.read import TableFiles, from_frames, read_files
from nearfield.errors import InvalidInput
from synthetic import make_tables


def test_a_mapping_is_read() -> None:
    text = "user=uid, item = iid,value=stars,time=ts,title=name,sex=gender"
    assert parse_columns(text) == {
        "user": "uid",
        "item": "iid",
        "value": "stars",
        "time": "ts",
        "title": "name",
        "sex": "gender",
    }
    assert parse_columns("") == {}


@pytest.mark.parametrize("text", ["user", "user=", "=uid", "user=a,item"])
def test_a_half_pair_is_refused(text: str) -> None:
    with pytest.raises(InvalidInput, match=r"wanted pairs such as user=uid,item=iid"):
        parse_columns(text)


def test_a_name_given_twice_is_refused() -> None:
    with pytest.raises(InvalidInput, match=r"names 'user' twice"):
        parse_columns("user=a,user=b")


def save(path: Path, text: str) -> Path:
    path.write_text(text, encoding="utf-8")
    return path


def test_mapped_columns_are_used_and_the_rest_are_attributes(tmp_path: Path) -> None:
    files = TableFiles(
        events=save(tmp_path / "e.csv", "uid,iid,stars,ts\nann,s1,4.5,1000000000\n"),
        items=save(tmp_path / "i.tsv", 'iid\tname\tstyle\tlabel\ns1\t"A ""B"""\tPop|Rock\tX\n'),
        users=save(tmp_path / "u.csv", "uid,sex,town\nann,F,\n"),
    )
    mapping = parse_columns(
        "user=uid,item=iid,value=stars,time=ts,title=name,genres=style,gender=sex"
    )
    tables = read_files(files, Reading(mapping)).tables
    assert tables.items.rows(named=True) == [
        {"item": "s1", "title": 'A "B"', "year": None, "genres": ["Pop", "Rock"], "label": "X"}
    ]
    assert tables.users.rows(named=True) == [{"user": "ann", "gender": "F", "town": None}]
    assert tables.events.rows() == [("ann", "s1", "rated", 4.5, 1_000_000_000)]


def test_events_alone_are_enough(tmp_path: Path) -> None:
    events = save(tmp_path / "e.csv", ",user_id,item_id\n0,b,2\n1,a,1\n2,b,1\n")
    tables = read_files(TableFiles(events=events), Reading(kind="listened")).tables
    assert tables.users.rows() == [("b",), ("a",)]
    assert tables.items.rows() == [("2", "2", None, []), ("1", "1", None, [])]
    assert tables.events["kind"].unique().to_list() == ["listened"]


def test_items_alone_are_enough(tmp_path: Path) -> None:
    tables = read_files(TableFiles(items=save(tmp_path / "i.csv", "item\n1\n"))).tables
    assert tables.items.rows() == [("1", "1", None, [])]
    assert (tables.users.height, tables.events.height) == (0, 0)


def test_events_may_say_their_kind(tmp_path: Path) -> None:
    events = save(
        tmp_path / "e.csv",
        "user,item,kind,value\na,1,Skipped,\na,2,rated,3\na,3,bought,\na,4,rated,\na,5,,1\n",
    )
    result = read_files(TableFiles(events=events))
    assert result.tables.events.select("item", "kind", "value").rows() == [
        ("1", "skipped", None),
        ("2", "rated", 3.0),
        ("5", "rated", 1.0),
    ]
    first, second = map(str, result.report.refusals)
    assert first.startswith("e.csv:4: kind 'bought'; wanted one of rated, watched, listened,")
    assert second.startswith("e.csv:5: value ''; wanted a finite number")


def test_the_scale_is_as_configured(tmp_path: Path) -> None:
    events = save(tmp_path / "e.csv", "user,item,rating\na,1,0\na,2,100\na,3,101\n")
    assert read_files(TableFiles(events=events)).report.refused == 0
    result = read_files(TableFiles(events=events), Reading(scale=(0, 100)))
    assert "e.csv:4: rating '101'; wanted 0 to 100" in str(result.report.refusals[0])


def test_a_quote_that_stays_open_costs_one_line(tmp_path: Path) -> None:
    items = save(
        tmp_path / "i.csv",
        'item,title\n1,"open\n2,"two\nlines"\n3,7" single\n4,"a" b\n5,five\n',
    )
    result = read_files(TableFiles(items=items))
    assert [refusal.line for refusal in result.report.refusals] == [2, 6]
    assert "a quote not closed: '1,\"open'" in result.report.refusals[0].came
    assert result.tables.items["title"].to_list() == ["two\nlines", '7" single', "five"]


@pytest.mark.parametrize(
    ("header", "message"),
    [
        ("uid,item", r"has the columns uid2, item: wanted uid\. Say which it is: --columns user="),
        ("who,item", r"wanted one for the user"),
        ("user;item", r"has the header 'user;item' \(separated by ';'\?\): wanted .* by ','"),
        ("user,user", r"wanted distinct names"),
        ("user_id,uid,item", r"has user_id and uid, and either may be the user"),
    ],
)
def test_missing_columns_are_named(tmp_path: Path, header: str, message: str) -> None:
    mapping = {"user": "uid"} if "uid2" in message else {}
    text = header.replace("uid", "uid2") if mapping else header
    events = save(tmp_path / "e.csv", f"{text}\n1,2,3\n")
    with pytest.raises(InvalidInput, match=message):
        read_files(TableFiles(events=events), Reading(mapping))


@pytest.mark.parametrize("wrong", ["value=stars", "title=name", "mood=feeling"])
def test_a_mapped_column_that_is_nowhere_is_named(tmp_path: Path, wrong: str) -> None:
    files = TableFiles(
        events=save(tmp_path / "e.csv", "user,item\na,1\n"),
        items=save(tmp_path / "i.csv", "item,title2\n1,x\n"),
    )
    with pytest.raises(InvalidInput, match=rf"{wrong.partition('=')[2]}"):
        read_files(files, Reading(parse_columns(wrong)))


def test_an_attribute_must_not_take_our_names(tmp_path: Path) -> None:
    items = save(tmp_path / "i.csv", "item,key\n1,a\n")
    with pytest.raises(InvalidInput, match=r"attribute key, a name that is taken.*NAME=key"):
        read_files(TableFiles(items=items))
    named = read_files(TableFiles(items=items), Reading({"tonality": "key"}))
    assert named.tables.items["tonality"].to_list() == ["a"]


def test_files_are_known_by_their_ending(tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match=r"e.xlsx ends in '.xlsx': wanted .csv, .tsv"):
        read_files(TableFiles(events=save(tmp_path / "e.xlsx", "")))
    with pytest.raises(InvalidInput, match=r"none.csv does not exist"):
        read_files(TableFiles(events=tmp_path / "none.csv"))
    with pytest.raises(InvalidInput, match=r"neither events nor items"):
        read_files(TableFiles())
    with pytest.raises(InvalidInput, match=r"kind 'eaten': wanted one of rated"):
        Reading(kind="eaten")
    with pytest.raises(InvalidInput, match=r"scale 5 to 1: wanted a low and a higher number"):
        Reading(scale=(5, 1))


def test_compressed_csv_is_read(tmp_path: Path) -> None:
    (tmp_path / "e.csv.gz").write_bytes(gzip.compress(b"user,item\na,1\n"))
    assert read_files(TableFiles(events=tmp_path / "e.csv.gz")).tables.events.height == 1


def frames() -> dict[str, pl.DataFrame]:
    tables = make_tables(users=10, items=20, events=60)
    return {
        "items": tables.items.with_columns(pl.col("item").cast(pl.Int64)),
        "users": tables.users.with_columns(pl.col("user").cast(pl.Int32)),
        "events": tables.events.with_columns(pl.col("item", "user").cast(pl.Int64)),
    }


@pytest.mark.parametrize("kind", ["polars", "lazy", "arrow", "pandas", "parquet"])
def test_typed_tables_of_every_kind_give_the_same(tmp_path: Path, kind: str) -> None:
    given: dict[str, Any] = dict(frames())
    if kind == "parquet":
        for name, frame in given.items():
            frame.write_parquet(tmp_path / f"{name}.parquet")
        result = read_files(TableFiles(**{n: tmp_path / f"{n}.parquet" for n in given}))
    else:
        convert: Any = {
            "polars": lambda frame: frame,
            "lazy": lambda frame: frame.lazy(),
            "arrow": lambda frame: frame.to_arrow(),
            "pandas": lambda frame: frame.to_pandas(),
        }[kind]
        result = from_frames(**{name: convert(frame) for name, frame in given.items()})
    expected = make_tables(users=10, items=20, events=60)
    assert_frame_equal(result.tables.items, expected.items)
    assert_frame_equal(result.tables.users, expected.users)
    assert_frame_equal(result.tables.events, expected.events)


def test_float_ids_and_missing_values_of_pandas_are_understood() -> None:
    events = pd.DataFrame(
        {
            "user": [1.0, 2.0, None, 4.0],
            "item": ["a", "b", "c", "d"],
            "rating": [5.0, None, 3.0, float("inf")],
            "timestamp": [dt.datetime(2001, 9, 9, 1, 46, 40)] * 4,
        }
    )
    result = from_frames(events=events)
    assert result.tables.events.rows() == [("1", "a", "rated", 5.0, 1_000_000_000)]
    assert [str(refusal).split(";")[0] for refusal in result.report.refusals] == [
        "events:2: value ''",
        "events:3: no user",
        "events:4: value 'inf'",
    ]


def test_dates_and_fine_times_become_seconds() -> None:
    day = dt.datetime(2001, 9, 9, 1, 46, 40, tzinfo=dt.UTC)
    for times in ([day], [1_000_000_000_000], [10**15], [10**18], [1e9], ["1000000000"]):
        events = pl.DataFrame({"user": ["a"], "item": ["b"], "time": times})
        assert from_frames(events=events).tables.events["time"].to_list() == [1_000_000_000]


def test_what_is_no_table_is_refused() -> None:
    with pytest.raises(InvalidInput, match=r"events is a builtins.object .*wanted a pandas"):
        from_frames(events=object())
    mixed = pd.DataFrame({"user": [1, "a"], "item": [1, 2]}, dtype=object)
    with pytest.raises(InvalidInput, match=r"events is a pandas.*whose columns have one type"):
        from_frames(events=mixed)
    with pytest.raises(InvalidInput, match=r"events has no rows"):
        from_frames(events=pl.DataFrame({"user": [], "item": []}))


def test_a_broken_parquet_file_is_named(tmp_path: Path) -> None:
    path = tmp_path / "e.parquet"
    frames()["events"].write_parquet(path)
    path.write_bytes(path.read_bytes()[:-20])
    with pytest.raises(InvalidInput, match=r"e.parquet is no whole Parquet file"):
        read_files(TableFiles(events=path))


def test_list_attributes_become_text() -> None:
    items = pl.DataFrame({"item": [1], "tags": [["a", "b"]], "genres": [["Rock ", ""]]})
    tables = from_frames(items=items).tables
    assert tables.items.rows() == [("1", "1", None, ["Rock"], "a|b")]


def test_what_the_catalogue_cannot_hold_is_refused_by_line() -> None:
    items = pl.DataFrame(
        {
            "item": ["a", "b" * 256, "c\0", "d", "e"],
            "title": ["A", "B", "C", "D" * 16_001, "E"],
            "genres": ["x", "x", "x", "x", "y" * 256],
        }
    )
    result = from_frames(items=items)
    assert result.tables.items["item"].to_list() == ["a"]
    assert [refusal.wanted for refusal in result.report.refusals] == [
        "an id of at most 255 characters without NUL",
        "an id of at most 255 characters without NUL",
        "at most 16,000 characters",
        "genres of at most 255 characters",
    ]
