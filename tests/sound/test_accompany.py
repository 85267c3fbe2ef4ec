import pytest

from nearfield.sound.demo.accompany import BACKINGS, CLOSED_HAT, KICK, SNARE, harmonise
from nearfield.sound.demo.score import Note, Score, meter

C, D, E, F, G, A, B = 60, 62, 64, 65, 67, 69, 71


def tune(*bars: tuple[int, ...], fifths: int = 0) -> Score:
    """Return one voice in 4/4, each bar filled with notes of equal length."""
    notes = [
        Note(4 * number + 4 * place / len(bar), 4 * number + 4 * (place + 1) / len(bar), pitch)
        for number, bar in enumerate(bars)
        for place, pitch in enumerate(bar)
    ]
    return Score((tuple(notes),), 4.0, 1.0, fifths)


def test_each_bar_gets_the_triad_that_it_sounds() -> None:
    found = harmonise(tune((C, E, G, E), (F, A, 72, A), (G, B, 74, B), (A, 72, E, A)))
    assert [one.pitches[0] for one in found] == [0, 5, 7, 9]  # C, F, G, A minor
    assert [(one.start, one.end) for one in found] == [(0, 4), (4, 8), (8, 12), (12, 16)]


def test_chords_move_with_the_key() -> None:
    (found,) = harmonise(tune((D, 66, A, D), fifths=2))
    assert found.pitches == (2, 6, 9)  # D, F sharp, A


def test_a_silent_bar_gets_no_chord() -> None:
    score = Score(((Note(0, 1, C), Note(8, 9, C)),))
    assert [one.start for one in harmonise(score)] == [0, 8]


@pytest.mark.parametrize("kind", BACKINGS)
def test_what_is_added_is_in_order_and_within_the_piece(kind: str) -> None:
    found = BACKINGS[kind](tune((C, E, G, E), (F, A, F, D)))
    starts = [note.start for note in found]
    assert starts == sorted(starts)
    assert starts[0] >= 0
    assert all(note.start < note.end <= 8 + 1e-9 for note in found)
    if kind != "drums":
        assert {note.pitch % 12 for note in found if note.start < 4} <= {0, 4, 7}


def test_drums_beat_on_the_beats_of_the_meter() -> None:
    jig = Score(((Note(0, 3, C),),), *meter(6, 8))
    found = BACKINGS["drums"](jig)
    assert [note.start for note in found if note.pitch == KICK] == [0.0]
    assert [note.start for note in found if note.pitch == SNARE] == [1.5]
    assert [note.start for note in found if note.pitch == CLOSED_HAT] == [0.0, 1.0, 1.5, 2.5]
