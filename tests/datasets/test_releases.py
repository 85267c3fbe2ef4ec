"""Every release of MovieLens is recognised and read alike."""

from pathlib import Path

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from nearfield.datasets.read import read_folder
from nearfield.datasets.releases import GENRES_100K
from nearfield.errors import InvalidInput
from synthetic import make_movielens, make_tables


def write(folder: Path, **files: str | bytes) -> Path:
    """Write files; "__" in a name stands for "." and "_" for "-"."""
    folder.mkdir(exist_ok=True)
    for name, text in files.items():
        path = folder / name.replace("__", ".").replace("_", "-")
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return folder


def test_ml_1m_gives_the_tables_that_were_written(tmp_path: Path) -> None:
    result = read_folder(make_movielens(tmp_path / "any name"))
    expected = make_tables()
    assert result.layout == "ml-1m"
    assert_frame_equal(result.tables.items, expected.items)
    assert_frame_equal(result.tables.users, expected.users)
    assert_frame_equal(result.tables.events, expected.events)
    assert list(result.report.lines()) == [
        "ratings.dat: 2,000 rows read, 2,000 accepted, 0 refused, 0 duplicates",
        "movies.dat: 80 rows read, 80 accepted, 0 refused, 0 duplicates",
        "users.dat: 60 rows read, 60 accepted, 0 refused, 0 duplicates",
    ]


@pytest.mark.parametrize("encoding", ["latin-1", "utf-8"])
def test_ml_1m_titles_are_read_in_latin_1_and_in_utf_8(ml_1m: Path, encoding: str) -> None:
    movies = (
        "1::Misérables, Les (1995)::Drama\n"
        "2::City of Lost Children, The (Cité des enfants perdus, La) (1995)::Sci-Fi\n"
        "3::American in Paris, An (1951)::Musical|Romance\n"
    )
    (ml_1m / "movies.dat").write_bytes(movies.encode(encoding))
    (ml_1m / "ratings.dat").write_text("1::1::5::978300760\n")
    result = read_folder(ml_1m)
    assert result.tables.items["title"].to_list() == [
        "Misérables, Les",
        "The City of Lost Children (Cité des enfants perdus, La)",
        "An American in Paris",
    ]
    assert result.tables.items["year"].to_list() == [1995, 1995, 1951]
    assert result.report.notes == []


def test_ml_10m_has_half_stars_and_derives_its_users(tmp_path: Path) -> None:
    folder = write(
        tmp_path / "x",
        ratings__dat="7::122::0.5::838985046\n3::122::4.5::838983525\n",
        movies__dat="122::Boomerang (1992)::Comedy|Romance\n",
    )
    tables = read_folder(folder).tables
    assert tables.users["user"].to_list() == ["7", "3"]
    assert tables.events["value"].to_list() == [0.5, 4.5]


def test_ml_1m_refuses_half_a_star(ml_1m: Path) -> None:
    with (ml_1m / "ratings.dat").open("a") as ratings:
        ratings.write("1::1::0.5::978300760\n")
    assert "rating '0.5'; wanted 1 to 5" in str(read_folder(ml_1m).report.refusals[0])


def test_original_ml_100k_has_genre_flags(tmp_path: Path) -> None:
    def flags(*genres: str) -> str:
        return "|".join("1" if genre in genres else "0" for genre in GENRES_100K)

    movies = (
        f"1|Toy Story (1995)|01-Jan-1995||http://x|{flags('Animation', 'Comedy')}\n"
        f"2|unknown||||{flags('unknown')}\n"
        f"3|Land Before Time III (1995) (V)|01-Jan-1995||é|{flags('War')}\n"
    )
    folder = write(
        tmp_path / "ml",
        u__data="5\t1\t3\t881250949\n5\t2\t4\t881250950\n",
        u__item=movies.encode("latin-1"),
        u__user="5|24|M|technician|85711\n6|30|F|other|T8H1N\n",
        u__genre="unknown|0\nAction|1\n",
    )
    result = read_folder(folder)
    items, users = result.tables.items, result.tables.users
    assert result.layout == "ml-100k"
    assert items.columns == ["item", "title", "year", "genres"]
    assert items["title"].to_list() == ["Toy Story", "unknown", "Land Before Time III"]
    assert items["year"].to_list() == [1995, None, 1995]
    assert items["genres"].to_list() == [["Animation", "Comedy"], [], ["War"]]
    assert users.rows() == [("5", "24", "M", "technician"), ("6", "30", "F", "other")]


def test_recbole_ml_100k_has_typed_headers(tmp_path: Path) -> None:
    folder = write(
        tmp_path / "ml",
        ml_100k__inter="user_id:token\titem_id:token\trating:float\ttimestamp:float\n"
        "196\t242\t3\t881250949\n",
        ml_100k__item="item_id:token\tmovie_title:token_seq\trelease_year:token\t"
        "class:token_seq\n242\tKolya, The\t1996\tComedy Sci-Fi\n267\tunknown\tunkonwn\tunknown\n",
        ml_100k__user="user_id:token\tage:token\tgender:token\toccupation:token\t"
        "zip_code:token\n196\t49\tM\twriter\t55105\n",
    )
    result = read_folder(folder)
    tables = result.tables
    assert result.layout == "ml-100k (RecBole)"
    assert tables.items.rows() == [
        ("242", "The Kolya", 1996, ["Comedy", "Sci-Fi"]),
        ("267", "unknown", None, []),
    ]
    assert tables.users.rows() == [("196", "49", "M", "writer")]
    assert tables.events.rows() == [("196", "242", "rated", 3.0, 881250949)]
    assert "1 items go in without a year" in result.report.notes[0]
    assert "'unkonwn' on line 3" in result.report.notes[0]


def test_other_recbole_folders_need_no_items_and_no_users(tmp_path: Path) -> None:
    folder = write(tmp_path / "x", plays__inter="user_id:token\titem_id:token\na\tsong one\n")
    tables = read_folder(folder).tables
    assert tables.events.rows() == [("a", "song one", "watched", None, 0)]
    assert tables.items["title"].to_list() == ["song one"]


def test_movielens_csv_has_quoted_titles(tmp_path: Path) -> None:
    folder = write(
        tmp_path / "x",
        ratings__csv="userId,movieId,rating,timestamp\r\n1,1,4.0,964982703\r\n",
        movies__csv="movieId,title,genres\r\n"
        '1,"American President, The (1995)",Comedy|Drama\r\n'
        '2,"He said ""no"", twice (2006\u20132007)",(no genres listed)\r\n'
        "3,Babylon 5,Sci-Fi\r\n",
        tags__csv="userId,movieId,tag,timestamp\r\n",
    )
    items = read_folder(folder).tables.items
    assert items.rows() == [
        ("1", "The American President", 1995, ["Comedy", "Drama"]),
        ("2", 'He said "no", twice', 2006, []),
        ("3", "Babylon 5", None, ["Sci-Fi"]),
    ]


def test_a_folder_with_events_and_items_is_read_by_its_headers(tmp_path: Path) -> None:
    folder = write(tmp_path / "x", events__csv="user,item\nann,1\n")
    pl.DataFrame({"item": [1, 2], "title": ["One", "Two"]}).write_parquet(folder / "items.parquet")
    tables = read_folder(folder).tables
    assert tables.items["title"].to_list() == ["One", "Two"]
    assert tables.users["user"].to_list() == ["ann"]


def test_a_folder_inside_the_folder_is_found(ml_1m: Path) -> None:
    assert read_folder(ml_1m.parent).layout == "ml-1m"


def test_an_unknown_folder_is_told_what_it_has_and_what_is_wanted(tmp_path: Path) -> None:
    folder = write(tmp_path / "x", ratings__dat="1::1::5::9\n", readme="")
    with pytest.raises(InvalidInput, match=r"holds ratings.dat, readme: wanted .*users.dat \(ml-1"):
        read_folder(folder)
    empty = write(tmp_path / "empty")
    with pytest.raises(InvalidInput, match=r"holds no files: wanted"):
        read_folder(empty)


def test_several_collections_are_not_guessed_between(tmp_path: Path) -> None:
    make_movielens(tmp_path / "a")
    make_movielens(tmp_path / "b")
    with pytest.raises(InvalidInput, match=r"several collections \(a/ratings.dat, b/ratings.dat"):
        read_folder(tmp_path)


def test_a_path_that_is_no_folder_is_named(tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match=r"nowhere does not exist: wanted a folder or"):
        read_folder(tmp_path / "nowhere")
    single = tmp_path / "ratings.dat"
    single.write_text("")
    with pytest.raises(InvalidInput, match=r"ratings.dat is a file: wanted a folder or an archive"):
        read_folder(single)
