import pytest
from hypothesis import given
from hypothesis import strategies as st

from nearfield.errors import InvalidInput
from nearfield.sound.demo.abc_tunes import read_abc
from nearfield.sound.demo.score import Note

HEAD = "X:7\nT:A Tune\nM:4/4\nL:1/8\nK:{key}\n"


def notes(body: str, key: str = "C") -> list[Note]:
    return list(read_abc(HEAD.format(key=key) + body).parts[0])


def pitches(body: str, key: str = "C") -> list[int]:
    return [pitch for _, _, pitch in notes(body, key)]


def test_letters_and_marks_give_octaves() -> None:
    assert pitches("C,C c c'") == [48, 60, 72, 84]


@pytest.mark.parametrize(
    ("key", "raised", "fifths"),
    [
        ("C", {}, 0),
        ("G", {"F": 1}, 1),
        ("D", {"F": 1, "C": 1}, 2),
        ("Em", {"F": 1}, 1),
        ("A Mixolydian", {"F": 1, "C": 1}, 2),
        ("Ador", {"F": 1}, 1),
        ("F", {"B": -1}, -1),
        ("Eb", {"B": -1, "E": -1, "A": -1}, -3),
        ("Gmin", {"B": -1, "E": -1}, -2),
    ],
)
def test_a_key_raises_and_lowers_letters(key: str, raised: dict[str, int], fifths: int) -> None:
    natural = dict(zip("CDEFGAB", (60, 62, 64, 65, 67, 69, 71), strict=True))
    wanted = [pitch + raised.get(letter, 0) for letter, pitch in natural.items()]
    assert pitches("CDEFGAB", key) == wanted
    assert read_abc(HEAD.format(key=key) + "C").fifths == fifths


def test_an_accidental_holds_to_the_end_of_its_bar_for_that_octave() -> None:
    assert pitches("^FFf|F=B_B^^CC", "F") == [66, 66, 77, 65, 71, 70, 62, 62]


def test_lengths_rests_and_chords_follow_one_another() -> None:
    assert notes("C2 z D/ E// [CEG]3 [CE]2/2") == [
        (0.0, 1.0, 60),
        (1.5, 1.75, 62),
        (1.75, 1.875, 64),
        (1.875, 3.375, 60),
        (1.875, 3.375, 64),
        (1.875, 3.375, 67),
        (3.375, 3.875, 60),
        (3.375, 3.875, 64),
    ]


def test_broken_rhythm_and_tuplets() -> None:
    assert notes("C>D E<F G>>A") == [
        (0.0, 0.75, 60),
        (0.75, 1.0, 62),
        (1.0, 1.25, 64),
        (1.25, 2.0, 65),
        (2.0, 2.875, 67),
        (2.875, 3.0, 69),
    ]
    ends = [end for _, end, _ in notes("(3CDE F")]
    assert ends == pytest.approx([1 / 3, 2 / 3, 1.0, 1.5])


def test_tied_notes_are_one() -> None:
    assert notes("C4-|C2D2") == [(0.0, 3.0, 60), (3.0, 4.0, 62)]


def test_ornaments_words_chord_names_and_bars_are_left_out() -> None:
    body = '"Am"C{de}~D !trill!.E (F | vG) uA [1 B :| [2 c |] % C\nw: la la\nP:B\nd\\\ne'
    assert pitches(body) == [60, 62, 64, 65, 67, 69, 71, 72, 74, 76]


def test_the_unit_follows_from_the_meter_where_it_is_not_given() -> None:
    assert read_abc("X:1\nM:2/4\nK:C\nC").end == 0.25
    assert read_abc("X:1\nM:6/8\nK:C\nC").end == 0.5
    assert read_abc("X:1\nM:6/8\nK:C\nC").beat == 1.5


def test_tunes_of_a_book_are_found_by_number() -> None:
    book = "% a book\nX:1\nK:C\nC\n\nX: 12\nK:C\nD\n"
    assert read_abc(book).parts[0][0].pitch == 60
    assert read_abc(book, "12").parts[0][0].pitch == 62
    with pytest.raises(InvalidInput, match=r"no tune X:3 among 2.*number of one of them"):
        read_abc(book, "3")
    with pytest.raises(InvalidInput, match=r"no notes in the tune 'Silence'"):
        read_abc("X:1\nT:Silence\nK:C\nz4")


@given(
    st.lists(
        st.tuples(st.sampled_from("CDEFGABcdefgab"), st.integers(1, 8), st.sampled_from(["", ">"]))
    )
)
def test_notes_leave_no_gap_and_broken_pairs_keep_the_length(
    tune: list[tuple[str, int, str]],
) -> None:
    body = "".join(f"{letter}{length}{mark}" for letter, length, mark in [*tune, ("C", 1, "")])
    found = notes(body)
    assert [start for start, _, _ in found[1:]] == [end for _, end, _ in found[:-1]]
    assert len(found) == len(tune) + 1
    if not any(mark for _, _, mark in tune):
        assert found[-1][1] == (sum(length for _, length, _ in tune) + 1) / 2
