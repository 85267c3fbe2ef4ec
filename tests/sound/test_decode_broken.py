"""A file that cannot be used says why; one that mostly can is used, with a note."""

import os
import pickle
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pytest
import soundfile

from nearfield.sound.decode import SoundReader, Unreadable, probe, read_sound
from nearfield.sound.formats import looks_like
from nearfield.sound.waveform import RATE
from sound.made_sounds import noise, song, tone, write_sound


def refused(path: Path) -> Unreadable:
    with pytest.raises(Unreadable) as caught:
        read_sound(path)
    assert str(path) in str(caught.value)
    return caught.value


@pytest.mark.parametrize(
    ("name", "content", "reason", "sentence"),
    [
        ("a.mp3", b"", "empty", "has no bytes"),
        ("a.mp3", b"hello, this is text\n" * 200, "not audio", "looks like text"),
        ("a.flac", b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 9, "not audio", "a PNG picture"),
        ("a.wav", b"\x00" * 5_000, "not audio", "nothing but zeros"),
        ("a.ogg", b"MThd\x00\x00\x00\x06" + b"\x01" * 3_000, "not audio", "holds notes"),
        ("a.mp3", b"#EXTM3U\n/music/a.mp3\n", "not audio", "a playlist"),
        ("a.m4a", b"\xfe\xdc" * 900, "not audio", "bytes of no known kind"),
    ],
)
def test_other_files_are_told_apart(
    tmp_path: Path, name: str, content: bytes, reason: str, sentence: str
) -> None:
    (tmp_path / name).write_bytes(content)
    error = refused(tmp_path / name)
    assert error.reason == reason
    assert sentence in error.sentence


def test_what_is_not_there_is_missing(tmp_path: Path) -> None:
    assert refused(tmp_path / "a.mp3").reason == "missing"
    assert refused(tmp_path).reason == "missing"
    (tmp_path / "loop.mp3").symlink_to(tmp_path / "loop.mp3")
    assert refused(tmp_path / "loop.mp3").reason == "missing"
    os.mkfifo(tmp_path / "pipe.mp3")
    assert refused(tmp_path / "pipe.mp3").reason == "missing"


def test_random_bytes_are_refused_whatever_their_name(tmp_path: Path) -> None:
    for seed in range(5):
        content = np.random.default_rng(seed).bytes(50_000)
        for name in ("a.mp3", "a.flac", "a.wav", "a.ogg", "a.m4a", "a.aac", "a.opus"):
            (tmp_path / name).write_bytes(content)
            assert refused(tmp_path / name).reason in ("not audio", "damaged")


def test_a_wrong_ending_does_not_matter(tmp_path: Path) -> None:
    written = write_sound(tmp_path / "a.flac", song(2), RATE)
    whole = read_sound(written)
    for name in ("a.mp3", "a.wav", "a.txt", "a"):
        np.testing.assert_array_equal(read_sound(written.rename(tmp_path / name)), whole)
        written = tmp_path / name


def test_a_playlist_in_disguise_opens_nothing_else(tmp_path: Path) -> None:
    write_sound(tmp_path / "a.aac", song(2), RATE)
    lines = "#EXTM3U\n#EXT-X-TARGETDURATION:2\n#EXTINF:2,\na.aac\n#EXT-X-ENDLIST\n"
    (tmp_path / "b.m3u8").write_text(lines)
    assert refused(tmp_path / "b.m3u8").reason == "not audio"
    (tmp_path / "c.mp3").write_text(f"ffconcat version 1.0\nfile '{tmp_path}/a.aac'\n")
    assert refused(tmp_path / "c.mp3").reason == "not audio"


def test_silence_is_refused(tmp_path: Path) -> None:
    for name in ("a.wav", "a.mp3", "a.ogg", "a.m4a"):
        path = write_sound(tmp_path / name, np.zeros(3 * 44_100, np.float32), 44_100)
        assert refused(path).reason == "silent"
    assert refused(write_sound(tmp_path / "b.wav", noise(2, level=5e-5), RATE)).reason == "silent"


def test_channels_that_cancel_out_are_called_silent(tmp_path: Path) -> None:
    left = noise(2)
    path = write_sound(tmp_path / "a.flac", np.stack([left, -left], axis=1), RATE)
    error = refused(path)
    assert error.reason == "silent"
    assert "cancel out" in error.sentence


def test_quiet_music_is_not_silent(tmp_path: Path) -> None:
    path = write_sound(tmp_path / "a.flac", song(2, level=2e-3), RATE)
    assert 0 < np.abs(read_sound(path)).max() < 5e-3


@pytest.mark.parametrize("ending", ["wav", "flac", "mp3", "ogg"])
def test_too_short_a_sound_is_refused(tmp_path: Path, ending: str) -> None:
    error = refused(write_sound(tmp_path / f"a.{ending}", tone(440, 0.3, 44_100), 44_100))
    assert error.reason == "too short"
    assert "0.5 are needed" in error.sentence
    assert len(read_sound(write_sound(tmp_path / f"b.{ending}", tone(440, 0.7)))) > 0.65 * RATE


def test_a_file_without_samples_is_refused(tmp_path: Path) -> None:
    soundfile.write(tmp_path / "a.wav", np.zeros(0), RATE)
    assert refused(tmp_path / "a.wav").reason in ("too short", "not audio")


def test_beginning_behind_the_end_is_refused(tmp_path: Path) -> None:
    path = write_sound(tmp_path / "a.flac", song(2), RATE)
    with pytest.raises(Unreadable, match=r"ends at 2\.0 s: ask for less than 5\.0 s") as caught:
        read_sound(path, start=5.0, seconds=1.0)
    assert caught.value.reason == "too short"


@pytest.mark.parametrize("ending", ["wav", "aiff", "flac", "mp3", "wv", "mka"])
def test_a_file_cut_off_is_used_if_most_is_there(tmp_path: Path, ending: str) -> None:
    path = write_sound(tmp_path / f"a.{ending}", noise(10, 44_100), 44_100)
    whole = path.read_bytes()
    path.write_bytes(whole[: 8 * len(whole) // 10])
    with SoundReader(path) as reader:
        seconds = sum(map(len, reader.blocks())) / RATE
    assert 7.5 < seconds < 8.5
    assert f"{seconds:.1f} of 10.0 seconds could be read" in reader.note
    path.write_bytes(whole[: 3 * len(whole) // 10])
    error = refused(path)
    assert error.reason in ("truncated", "damaged")
    assert "of 10.0 seconds can be read" in error.sentence


@pytest.mark.parametrize("ending", ["m4a", "alac.m4a"])
def test_an_mp4_without_its_index_is_called_truncated(tmp_path: Path, ending: str) -> None:
    path = write_sound(tmp_path / f"a.{ending}", noise(5, 44_100), 44_100)
    path.write_bytes(path.read_bytes()[:-1_000])
    error = refused(path)
    assert error.reason == "truncated"
    assert "cut off before the index" in error.sentence


@pytest.mark.parametrize("ending", ["ogg", "opus", "aac", "wma", "w64"])
def test_formats_that_state_no_length_are_read_as_far_as_they_go(
    tmp_path: Path, ending: str
) -> None:
    rate = 48_000
    path = write_sound(tmp_path / f"a.{ending}", noise(10, rate), rate)
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) // 3])
    assert 2.5 < len(read_sound(path)) / RATE < 4.0


@pytest.mark.parametrize("ending", ["flac", "mp3", "m4a", "ogg", "opus", "wma", "wv", "aac"])
@pytest.mark.parametrize("seed", range(3))
def test_damage_in_the_middle_costs_little(tmp_path: Path, ending: str, seed: int) -> None:
    path = write_sound(tmp_path / f"a.{ending}", noise(20, 48_000), 48_000)
    content = np.frombuffer(path.read_bytes(), dtype=np.uint8).copy()
    random = np.random.default_rng(seed)
    body = slice(len(content) // 4, 3 * len(content) // 4)  # the index of m4a is at the end
    for start in random.integers(body.start, body.stop, 5):
        content[start : start + 200] = random.integers(0, 256, 200)
    path.write_bytes(content.tobytes())
    with SoundReader(path) as reader:
        waveform = np.concatenate(list(reader.blocks()))
    # each hit may cost a page of an Ogg file, which is a second
    assert (14 if ending in ("ogg", "opus") else 18) < len(waveform) / RATE < 21
    assert np.isfinite(waveform).all()
    if reader.note:
        assert "seconds could be read" in reader.note


@pytest.mark.parametrize("tag", [b"drms", b"enca", b"aavd"])
def test_protected_mp4_is_refused(tmp_path: Path, tag: bytes) -> None:
    path = write_sound(tmp_path / "a.m4a", song(2), RATE)
    path.write_bytes(path.read_bytes().replace(b"mp4a", tag, 1))
    error = refused(path)
    assert error.reason == "protected"
    assert "without copy protection" in error.sentence


def test_protected_wma_is_refused(tmp_path: Path) -> None:
    path = write_sound(tmp_path / "a.wma", song(2), RATE)
    content = path.read_bytes()
    encryption = bytes.fromhex("fbb3112223bdd211b4b700a0c955fc6e")
    known = bytes.fromhex("4052d1861d31d011a3a400a0c90348f6")  # the codec list, not needed to play
    at = content.index(known)
    path.write_bytes(content[:at] + encryption + content[at + 16 :])
    assert refused(path).reason == "protected"


def test_a_picture_inside_a_container_is_no_sound(tmp_path: Path) -> None:
    import av

    with av.open(str(tmp_path / "a.mp4"), "w") as container:
        stream = container.add_stream("mpeg4", rate=10)
        stream.width = stream.height = 64
        stream.pix_fmt = "yuv420p"
        for _ in range(10):
            frame = av.VideoFrame.from_ndarray(np.zeros((64, 64, 3), np.uint8), format="rgb24")
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    error = refused(tmp_path / "a.mp4")
    assert error.reason == "not audio"
    assert "holds only pictures" in error.sentence


def test_a_name_that_is_not_unicode_is_opened(tmp_path: Path) -> None:
    path = write_sound(tmp_path / "a.flac", song(2), RATE)
    odd = tmp_path / os.fsdecode(b"caf\xe9 \xff.flac")
    path.rename(odd)
    assert len(read_sound(odd)) == 2 * RATE
    odd.write_bytes(b"\x00" * 100)
    assert refused(odd).reason == "not audio"


def test_a_name_with_a_colon_is_a_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_sound(tmp_path / "a.flac", song(2), RATE).rename(tmp_path / "concat:b.flac")
    monkeypatch.chdir(tmp_path)
    assert len(read_sound(Path("concat:b.flac"))) == 2 * RATE


def test_a_file_of_another_user_is_named_as_such() -> None:
    script = (
        "import os, sys; from pathlib import Path\n"
        "from nearfield.sound.decode import Unreadable, read_sound\n"
        "os.geteuid() or os.setuid(65534)\n"  # root may read everything
        "try: read_sound(Path(sys.argv[1]))\n"
        "except Unreadable as error: print(error.reason, error.sentence)\n"
    )
    with TemporaryDirectory() as folder:  # tmp_path is for its owner alone
        Path(folder).chmod(0o755)
        path = write_sound(Path(folder) / "a.flac", song(1), RATE)
        path.chmod(0)
        command = [sys.executable, "-c", script, str(path)]
        done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert done.stdout.startswith("permission this user may not read it")


def test_an_error_crosses_to_another_process(tmp_path: Path) -> None:
    error = refused(tmp_path / "a.mp3")
    again = pickle.loads(pickle.dumps(error))
    assert (again.reason, again.path, str(again)) == (error.reason, error.path, str(error))


def test_what_libsndfile_alone_can_read_is_read(tmp_path: Path) -> None:
    sound = song(2)
    soundfile.write(tmp_path / "a.paf", sound, RATE, subtype="PCM_16", format="PAF")
    np.testing.assert_allclose(read_sound(tmp_path / "a.paf"), sound, atol=1.1 / 32_768)
    assert probe(tmp_path / "a.paf").codec == "pcm_16"


@pytest.mark.parametrize("rate", [1, 0xFFFFFFF0])
def test_a_header_with_an_impossible_rate_is_damage(tmp_path: Path, rate: int) -> None:
    path = write_sound(tmp_path / "a.wav", song(2), RATE)
    content = bytearray(path.read_bytes())
    content[24:28] = rate.to_bytes(4, "little")
    path.write_bytes(content)
    assert refused(path).reason in ("damaged", "not audio")


def test_more_channels_than_ffmpeg_mixes_are_mixed(tmp_path: Path) -> None:
    sound = noise(1)
    soundfile.write(tmp_path / "a.wav", np.repeat(sound[:, None], 100, axis=1), RATE)
    np.testing.assert_allclose(read_sound(tmp_path / "a.wav"), sound, atol=1.1 / 32_768)


def test_text_is_told_from_bytes(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes("é".encode() * 400)
    assert looks_like(tmp_path / "a") == "text"
    (tmp_path / "a").write_bytes(b"caf\xe9 " * 200)
    assert looks_like(tmp_path / "a") == "bytes of no known kind"
