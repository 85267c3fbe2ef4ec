import io
import zipfile

import pytest

from nearfield.errors import InvalidInput
from nearfield.sound.demo.musicxml import read_musicxml


def note(step: str, duration: int, more: str = "", octave: int = 4) -> str:
    pitch = f"<pitch><step>{step}</step><octave>{octave}</octave></pitch>" if step else "<rest/>"
    return f"<note>{more}{pitch}<duration>{duration}</duration></note>"


def score(*parts: tuple[str, ...]) -> bytes:
    written = ""
    for number, measures in enumerate(parts):
        bars = "".join(f"<measure>{one}</measure>" for one in measures)
        written += f'<part id="P{number}">{bars}</part>'
    return f"<score-partwise>{written}</score-partwise>".encode()


HEAD = (
    "<attributes><divisions>2</divisions><key><fifths>-1</fifths></key>"
    "<time><beats>3</beats><beat-type>4</beat-type></time></attributes>"
)


def test_notes_rests_and_chords_follow_one_another() -> None:
    first = HEAD + note("C", 2) + note("", 1) + note("E", 3) + note("G", 3, "<chord/>")
    flat = "<note><pitch><step>B</step><alter>-1</alter><octave>3</octave></pitch>"
    found = read_musicxml(score((first, flat + "<duration>6</duration></note>")))
    assert (found.bar, found.beat, found.fifths) == (3.0, 1.0, -1)
    assert found.parts == (((0.0, 1.0, 60), (1.5, 3.0, 64), (1.5, 3.0, 67), (3.0, 6.0, 58)),)


def test_voices_of_one_part_go_back_in_time() -> None:
    measure = HEAD + note("C", 4) + "<backup><duration>4</duration></backup>" + note("E", 2)
    forward = "<forward><duration>2</duration></forward>"
    found = read_musicxml(score((measure + forward + note("F", 2), note("G", 2))))
    assert found.parts == (((0, 1, 64), (0, 2, 60), (2, 3, 65), (3, 4, 67)),)


def test_the_next_measure_begins_where_the_longest_voice_ended() -> None:
    short = note("C", 6) + "<backup><duration>6</duration></backup>" + note("E", 2)
    found = read_musicxml(score((HEAD + short, note("G", 2))))
    assert found.parts[0][-1] == (3, 4, 67)


def test_tied_notes_are_one_and_grace_notes_none() -> None:
    start, stop = '<tie type="start"/>', '<tie type="stop"/>'
    held = note("C", 6).replace("</note>", f"{start}</note>")
    ends = note("C", 2).replace("</note>", f"{stop}</note>")
    grace = "<note><grace/><pitch><step>D</step><octave>4</octave></pitch></note>"
    found = read_musicxml(score((HEAD + grace + held, ends + note("C", 2))))
    assert found.parts == (((0, 4, 60), (4, 5, 60)),)


def test_transposing_instruments_sound_as_they_do() -> None:
    clarinet = "<attributes><transpose><chromatic>-2</chromatic></transpose></attributes>"
    assert read_musicxml(score((clarinet + note("C", 1),))).parts[0][0].pitch == 58


def test_compressed_scores_are_read_and_empty_parts_left_out() -> None:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("META-INF/container.xml", "<container/>")
        archive.writestr("song.xml", score((note("", 1),), (note("A", 1),)))
    assert read_musicxml(packed.getvalue()).parts == (((0, 1, 69),),)


@pytest.mark.parametrize("data", [b"", b"X:1\nK:C\n", b"PK\x03\x04 cut off"])
def test_other_files_are_refused(data: bytes) -> None:
    with pytest.raises(InvalidInput, match=r"this is not MusicXML .*Give a \.xml or \.mxl"):
        read_musicxml(data)


def test_a_score_without_notes_is_refused() -> None:
    with pytest.raises(InvalidInput, match=r"no notes under <score-timewise>"):
        read_musicxml(b"<score-timewise/>")
