"""Every format decodes to the right length and level, in blocks, without aliases."""

import tracemalloc
from pathlib import Path

import numpy as np
import pytest
import soundfile

from nearfield.errors import InvalidInput
from nearfield.sound.decode import (
    SoundReader,
    probe,
    read_blocks,
    read_sound,
    resampled,
)
from nearfield.sound.waveform import RATE
from sound.made_sounds import ENCODERS, noise, song, tone, write_sound

SECONDS = 3.337
"""Not a whole number of any codec's frames."""

PADDING = {"m4a": 1024, "aac": 3 * 1024, "wma": 3 * 1024, "ogg": 600}
"""By how many samples of the file a codec may miss the length; the others do not."""

SHAPES = [
    *((ending, 48_000, 1) for ending in [*ENCODERS, "ogg", "w64"]),
    *((ending, 8_000, 1) for ending in [*ENCODERS, "ogg", "w64"] if ending != "wma"),
    ("wma", 16_000, 1),
    *((ending, 48_000, 2) for ending in [*ENCODERS, "ogg", "w64"]),
    *((ending, 44_100, 2) for ending in [*ENCODERS, "ogg"] if ending != "opus"),
    *((ending, 48_000, 6) for ending in ("flac", "wav", "opus", "m4a", "alac.m4a", "wv", "ogg")),
    *((ending, 96_000, 2) for ending in ("flac", "wav", "aiff", "alac.m4a", "wv")),
]


@pytest.mark.parametrize(("ending", "rate", "channels"), SHAPES)
def test_length_and_level_are_kept(tmp_path: Path, ending: str, rate: int, channels: int) -> None:
    sound = tone(440, SECONDS, rate)
    shaped = sound if channels == 1 else np.repeat(sound[:, None], channels, axis=1)
    bit_rate = {8_000: 16_000, 16_000: 32_000}.get(rate, 64_000 * channels)
    path = write_sound(tmp_path / f"a.{ending}", shaped, rate, bit_rate)
    with SoundReader(path) as reader:
        header = reader.info
        waveform = np.concatenate(list(reader.blocks()))
    assert waveform.dtype == np.float32
    missed = abs(len(waveform) / RATE - len(sound) / rate)
    assert missed <= PADDING.get(ending, 0) / rate + 1 / RATE
    assert reader.info.duration == len(waveform) / RATE
    assert abs(header.duration - SECONDS) < 0.3
    assert not reader.note
    assert (header.rate, header.channels) == (48_000 if ending == "opus" else rate, channels)
    assert header.lossless == (ending not in ("mp3", "opus", "m4a", "aac", "wma", "ogg"))
    assert 8_000 < header.bitrate < 5_000_000
    middle = slice(RATE // 2, 2 * RATE)
    level = waveform[middle].std() / tone(440, SECONDS)[middle].std()
    # LAME turns down by 0.95; lossy 5.1 leaves the tone out of the sixth channel, the bass
    lowest = 0.8 if channels == 6 else 0.93
    assert lowest < level < 1.02


@pytest.mark.parametrize("ending", ["wav", "flac", "alac.m4a", "aiff", "wv", "w64"])
def test_a_lossless_file_at_our_rate_comes_back_sample_by_sample(
    tmp_path: Path, ending: str
) -> None:
    sound = song(2.5, RATE)
    found = read_sound(write_sound(tmp_path / f"a.{ending}", sound, RATE))
    np.testing.assert_allclose(found, sound, atol=1.1 / 32_768)


def test_channels_are_averaged(tmp_path: Path) -> None:
    left, right = noise(2, RATE, seed=1), noise(2, RATE, seed=2)
    path = write_sound(tmp_path / "a.flac", np.stack([left, right], axis=1), RATE)
    np.testing.assert_allclose(read_sound(path), (left + right) / 2, atol=1.1 / 32_768)


@pytest.mark.parametrize("channels", [3, 7, 9, 12])
def test_any_number_of_channels_is_mixed(tmp_path: Path, channels: int) -> None:
    sound = noise(1, RATE)
    soundfile.write(tmp_path / "a.wav", np.repeat(sound[:, None], channels, axis=1), RATE)
    np.testing.assert_allclose(read_sound(tmp_path / "a.wav"), sound, atol=1.1 / 32_768)


@pytest.mark.parametrize("subtype", ["PCM_U8", "PCM_24", "PCM_32", "FLOAT", "DOUBLE"])
def test_any_width_of_sample_is_scaled(tmp_path: Path, subtype: str) -> None:
    sound = tone(300, 1, RATE)
    soundfile.write(tmp_path / "a.wav", sound, RATE, subtype=subtype)
    found = read_sound(tmp_path / "a.wav")
    np.testing.assert_allclose(found, sound, atol=1 / 64 if subtype == "PCM_U8" else 1e-5)


def test_samples_that_are_no_numbers_become_silence(tmp_path: Path) -> None:
    sound = tone(300, 1, RATE)
    sound[1_000:1_100] = np.nan
    sound[2_000], sound[2_001], sound[2_002] = np.inf, -np.inf, 1e30
    soundfile.write(tmp_path / "a.wav", sound, RATE, subtype="FLOAT")
    found = read_sound(tmp_path / "a.wav")
    assert not found[1_000:1_100].any()
    assert found[2_000:2_003].tolist() == [2, -2, 2]
    np.testing.assert_array_equal(found[3_000:], sound[3_000:])


@pytest.mark.parametrize("seconds", [0.001, 0.7, 1.0, 20.0])
def test_blocks_have_the_length_asked_for_and_join_to_the_whole(
    tmp_path: Path, seconds: float
) -> None:
    path = write_sound(tmp_path / "a.flac", song(3, 44_100), 44_100)
    blocks = list(read_blocks(path, RATE, seconds))
    size = round(seconds * RATE)
    assert {len(block) for block in blocks[:-1]} <= {size}
    assert 0 < len(blocks[-1]) <= size
    np.testing.assert_array_equal(np.concatenate(blocks), read_sound(path))


def test_a_part_is_cut_out_exactly(tmp_path: Path) -> None:
    path = write_sound(tmp_path / "a.mp3", song(4, 44_100), 44_100)
    whole = read_sound(path)
    np.testing.assert_array_equal(read_sound(path, start=1.5), whole[round(1.5 * RATE) :])
    np.testing.assert_array_equal(
        read_sound(path, start=1.5, seconds=0.25),
        whole[round(1.5 * RATE) : round(1.5 * RATE) + round(0.25 * RATE)],
    )


@pytest.mark.parametrize(("start", "seconds"), [(-1, None), (0, 0), (0, -2)])
def test_a_part_that_cannot_be_is_refused(
    tmp_path: Path, start: float, seconds: float | None
) -> None:
    with pytest.raises(InvalidInput, match="a part starts at 0 or later"):
        read_sound(tmp_path / "a.mp3", start=start, seconds=seconds)


@pytest.mark.parametrize(("rate", "seconds"), [(0, 1), (22_050, 0), (100, 0.001)])
def test_blocks_without_samples_are_refused(tmp_path: Path, rate: int, seconds: float) -> None:
    with pytest.raises(InvalidInput, match=r"rate=.*give positive numbers"):
        SoundReader(tmp_path / "a.mp3", rate, seconds)


@pytest.mark.parametrize("source", [44_100, 48_000, 96_000])
def test_what_our_rate_cannot_hold_does_not_come_back_as_another_tone(source: int) -> None:
    for frequency in (11_500, 13_000, 16_000, 20_000):
        sound = tone(frequency, 1, source, 1.0)
        found = np.concatenate(list(resampled(iter([(source, sound)]), RATE)))
        middle = found[RATE // 4 : -RATE // 4]
        assert np.abs(middle).max() < (1e-3 if frequency < 12_000 else 1e-5)


@pytest.mark.parametrize("source", [8_000, 44_100, 96_000])
def test_what_our_rate_can_hold_is_kept(source: int) -> None:
    for frequency in (50, 1_000, 3_500, 9_900):
        if frequency > 0.45 * source:
            continue
        pieces = np.array_split(tone(frequency, 1, source, 0.5), 7)
        found = np.concatenate(list(resampled(((source, piece) for piece in pieces), RATE)))
        middle = slice(RATE // 4, -RATE // 4)
        assert len(found) == RATE
        np.testing.assert_allclose(found[middle], tone(frequency, 1, RATE, 0.5)[middle], atol=5e-4)


def test_the_rate_may_change_in_the_middle() -> None:
    pieces = [(44_100, tone(500, 1, 44_100)), (22_050, tone(500, 1, 22_050))]
    pieces.append((32_000, tone(500, 1, 32_000)))
    found = np.concatenate(list(resampled(iter(pieces), RATE)))
    assert len(found) == 3 * RATE
    expected = tone(500, 3)
    np.testing.assert_allclose(found[1_000:20_000], expected[1_000:20_000], atol=1e-3)
    np.testing.assert_allclose(found[-20_000:-1_000], expected[-20_000:-1_000], atol=1e-3)


def test_probing_reads_the_header_only(tmp_path: Path) -> None:
    path = write_sound(tmp_path / "a.flac", noise(3, 44_100), 44_100)
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) // 10])
    assert abs(probe(path).duration - 3) < 0.01


def test_python_holds_no_more_for_a_longer_file(tmp_path: Path) -> None:
    peaks = []
    for seconds in (60, 240):
        path = write_sound(tmp_path / f"{seconds}.wav", noise(seconds, 11_025), 11_025)
        tracemalloc.start()
        assert sum(map(len, read_blocks(path, seconds=5.0))) == seconds * RATE
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert peaks[1] < 1.2 * peaks[0]
