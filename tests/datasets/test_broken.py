"""Wrong rows are refused by line, the good rows of the same file go in."""

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from nearfield.datasets.read import TableFiles, read_files, read_folder
from nearfield.datasets.report import KEPT_REFUSALS
from nearfield.errors import InvalidInput

GOOD = "1::1::5::978300760\n2::2::4::978300761\n"


def with_ratings(folder: Path, text: str | bytes) -> Path:
    data = text if isinstance(text, bytes) else text.encode()
    (folder / "ratings.dat").write_bytes(data)
    return folder


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("1::999::5::978300762", "unknown item '999'; wanted one that movies.dat has"),
        ("99::1::5::978300762", "unknown user '99'; wanted one that users.dat has"),
        ("1::1::6::978300762", "rating '6'; wanted 1 to 5. Correct or delete the line."),
        ("1::1::-1::978300762", "rating '-1'; wanted 1 to 5"),
        ("1::1::nan::978300762", "value 'nan'; wanted a finite number"),
        ("1::1::inf::978300762", "value 'inf'; wanted a finite number"),
        ("1::1::1e300::978300762", "value '1e300'; wanted a finite number"),
        ("1::1::5::99999999999999999999", "time '99999999999999999999'; wanted whole seconds"),
        ("1::1::::978300762", "value ''; wanted a finite number"),
        ("1::1::five::978300762", "value 'five'; wanted a finite number"),
        ("::1::5::978300762", "no user; wanted an id"),
        ("1:: ::5::978300762", "no item; wanted an id"),
        ("1::1::5::yesterday", "time 'yesterday'; wanted whole seconds since 1970"),
        ("1::1::5::978300762.5", "time '978300762.5'; wanted whole seconds"),
        ("1::1::5::-1", "time '-1'; wanted whole seconds since 1970, not negative"),
        ("1::1::5::", "time ''; wanted whole seconds"),
        ("1::1::5", "3 fields: '1::1::5'; wanted 4 fields separated by '::' (user, item,"),
        ("1::1::5::978300762::7", "5 fields: '1::1::5::978300762::7'; wanted 4 fields"),
        ("1\t1\t5\t978300762", "1 fields (4 separated by tabs): '1\\t1\\t5\\t978300762'"),
        ("1,1,5,978300762", "1 fields (4 separated by ','): '1,1,5,978300762'"),
        ("1::1\0::5::978300762", "NUL bytes in '1::1\\x00::5::978300762'; wanted text"),
    ],
)
def test_a_wrong_line_is_refused_with_its_number(ml_1m: Path, line: str, message: str) -> None:
    result = read_folder(with_ratings(ml_1m, f"{GOOD}\n{line}\n1::3::4::978300763\n"))
    refusal = result.report.refusals[0]
    assert str(refusal).startswith(f"ratings.dat:4: {message}")
    assert result.tables.events["item"].to_list() == ["1", "2", "3"]
    count = result.report.count("ratings.dat")
    assert (count.read, count.accepted, count.refused, count.duplicates) == (4, 3, 1, 0)


def test_strict_takes_nothing_when_a_row_is_wrong(ml_1m: Path) -> None:
    with_ratings(ml_1m, GOOD + "1::1::6::978300762\n")
    with pytest.raises(InvalidInput, match=r"(?s)1 rows were refused.*ratings.dat:3: rating '6'"):
        read_folder(ml_1m, strict=True)


def test_equal_rows_go_in_once_and_other_times_are_other_events(ml_1m: Path) -> None:
    again = "1::1::3::978300760\n1::1::5::978300799\n"
    result = read_folder(with_ratings(ml_1m, GOOD + again), strict=True)
    assert result.report.duplicates == 1
    assert result.tables.events.select("item", "value", "time").rows() == [
        ("1", 5.0, 978300760),
        ("2", 4.0, 978300761),
        ("1", 5.0, 978300799),
    ]


def test_items_and_users_go_in_once(ml_1m: Path) -> None:
    with (ml_1m / "users.dat").open("a") as users:
        users.write("1::F::25::3::00000\n")
    result = read_folder(ml_1m)
    assert result.tables.users["user"].n_unique() == result.tables.users.height
    assert result.report.count("users.dat").duplicates == 1


def test_users_with_unknown_codes_are_refused(ml_1m: Path) -> None:
    (ml_1m / "users.dat").write_text("1::F::25::20::0\n2::X::25::3::0\n3::M::25::21::0\n")
    result = read_folder(with_ratings(ml_1m, GOOD))
    assert [str(refusal).split("; wanted")[0] for refusal in result.report.refusals] == [
        "ratings.dat:2: unknown user '2'",
        "users.dat:2: gender 'X'",
        "users.dat:3: occupation '21'",
    ]
    assert result.tables.users.rows() == [("1", "F", "25", "writer")]


@pytest.mark.parametrize(
    "end", ["1::3", "1::3::4", "1::3::4::9783", "1::3::4::", "1", "1::3::4::97830076"]
)
def test_a_file_cut_in_a_line_loses_that_line_only(ml_1m: Path, end: str) -> None:
    result = read_folder(with_ratings(ml_1m, GOOD + end))
    assert result.tables.events.height == 2
    assert f"ratings.dat:3: a line cut short: '{end}'" in str(result.report.refusals[0])
    assert "copy it again" in result.report.refusals[0].remedy


def test_a_long_file_cut_in_a_line_loses_that_line_only(ml_1m: Path) -> None:
    broken = "1;2;3;4\n1::abc\n"  # other wrong lines do not hide it
    result = read_folder(with_ratings(ml_1m, GOOD + broken + GOOD * 20_000 + "1::3::4::9"))
    told = [str(refusal).split("; wanted")[0] for refusal in result.report.refusals]
    assert told[-1] == "ratings.dat:40005: a line cut short: '1::3::4::9'"
    assert result.report.refused == 3


def test_a_last_line_without_line_end_is_whole(ml_1m: Path) -> None:
    result = read_folder(with_ratings(ml_1m, GOOD + "1::3::4::978300762"), strict=True)
    assert result.tables.events.height == 3


@pytest.mark.parametrize(("between", "called"), [("\t", "tabs"), (",", "','"), ("|", "'|'")])
def test_a_file_with_another_separator_is_told_which(
    ml_1m: Path, between: str, called: str
) -> None:
    with_ratings(ml_1m, GOOD.replace("::", between))
    called = called.replace("|", r"\|")
    message = rf"(?s)none of its 2 rows can be used.*4 separated by {called}.*separated by '::'"
    with pytest.raises(InvalidInput, match=message):
        read_folder(ml_1m)


@pytest.mark.parametrize("data", [b"", b"\xef\xbb\xbf"])
def test_an_empty_file_is_named(ml_1m: Path, data: bytes) -> None:
    with pytest.raises(InvalidInput, match=r"ratings.dat is empty: wanted at least one row"):
        read_folder(with_ratings(ml_1m, data))


@pytest.mark.parametrize("text", ["\n", " \n\n"])
def test_a_file_of_blank_lines_has_no_rows(ml_1m: Path, text: str) -> None:
    with pytest.raises(InvalidInput, match=r"ratings.dat has no rows: wanted at least one"):
        read_folder(with_ratings(ml_1m, text))


@pytest.mark.parametrize(
    "data",
    [
        b"\xef\xbb\xbf" + GOOD.encode(),
        GOOD.replace("\n", "\r\n").encode(),
        GOOD.replace("\n", "\r").encode(),
        GOOD.encode("utf-16"),
        b"\xfe\xff" + GOOD.encode("utf-16-be"),
        f"\n{GOOD}\n\n".encode(),
        GOOD.replace("::", " :: ").encode(),
    ],
    ids=["mark", "crlf", "cr", "utf-16", "utf-16-be", "blank lines", "spaces"],
)
def test_harmless_differences_change_nothing(ml_1m: Path, data: bytes) -> None:
    events = read_folder(with_ratings(ml_1m, data), strict=True).tables.events
    assert events.rows() == [
        ("1", "1", "rated", 5.0, 978300760),
        ("2", "2", "rated", 4.0, 978300761),
    ]


def test_utf_16_without_a_mark_is_recognised(ml_1m: Path) -> None:
    with pytest.raises(InvalidInput, match=r"looks like UTF-16 .*Save it as UTF-8"):
        read_folder(with_ratings(ml_1m, GOOD.encode("utf-16-le")))


def test_old_encodings_are_read_and_said(tmp_path: Path) -> None:
    items = tmp_path / "items.csv"
    items.write_bytes("item,title\n1,Amélie \u20ac\n".encode("cp1252"))
    result = read_files(TableFiles(items=items))
    assert result.tables.items["title"].to_list() == ["Amélie \u20ac"]
    assert result.report.notes == [
        "items.csv is not UTF-8: read as cp1252. If names look wrong, save it as UTF-8."
    ]


def test_milliseconds_become_seconds(ml_1m: Path) -> None:
    result = read_folder(with_ratings(ml_1m, "1::1::5::978300760123\n"))
    assert result.tables.events["time"].to_list() == [978300760]
    assert "times in milliseconds" in result.report.notes[0]


def test_many_refusals_are_counted_and_the_first_kept(ml_1m: Path) -> None:
    wrong = "1::1::9::978300760\n" * (KEPT_REFUSALS + 5)
    report = read_folder(with_ratings(ml_1m, wrong + GOOD)).report
    assert report.refused == KEPT_REFUSALS + 5
    assert [refusal.line for refusal in report.refusals] == list(range(1, KEPT_REFUSALS + 1))
    assert list(report.lines(most=2))[-1] == f"... and {KEPT_REFUSALS + 3:,} more refused rows"


def test_lines_are_right_behind_a_block_border(
    ml_1m: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("nearfield.datasets.blocks.BLOCK", 3_000)
    lines = [f"1::1::5::{978300000 + row}" for row in range(1000)]
    lines[500] = lines[900] = "1::1::x::0"
    result = read_folder(with_ratings(ml_1m, "\n".join(lines) + "\n"))
    assert [refusal.line for refusal in result.report.refusals] == [501, 901]
    assert result.tables.events.height == 998


def test_a_file_without_line_ends_is_no_table(ml_1m: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("nearfield.datasets.blocks.BLOCK", 5_000)
    with pytest.raises(InvalidInput, match=r"has no line end in .*wanted a text table"):
        read_folder(with_ratings(ml_1m, "x" * 20_000))


@settings(
    suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=100, deadline=None
)
@given(data=st.binary(max_size=50) | st.text('1239:.-e\n\r\t,\0"\u20ac', max_size=200))
def test_whatever_follows_the_good_rows_they_go_in(ml_1m: Path, data: bytes | str) -> None:
    tail = data if isinstance(data, bytes) else data.encode()
    result = read_folder(with_ratings(ml_1m, GOOD.encode() + tail))
    events, count = result.tables.events, result.report.count("ratings.dat")
    assert events.head(2).select("user", "item").rows() == [("1", "1"), ("2", "2")]
    assert count.accepted == events.height
    assert count.read == count.accepted + count.refused + count.duplicates
    assert len(result.report.refusals) == count.refused
    assert events["value"].is_between(1, 5).all()
    assert events["time"].min() >= 0  # type: ignore[operator]
    assert events.null_count().sum_horizontal().item() == 0
