import math
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from nearfield.errors import InvalidInput
from nearfield.sound.demo.sound_font import SoundFont, Zone, sound_of
from sound.small_sound_font import Instrument, Layer, overtones, write_sound_font

RATE = 32_000
LOOPED = (54, 1)
KEYS, VELOCITIES = 43, 44


def limits(low: int, high: int) -> int:
    return low + 256 * high


def timecents(seconds: float) -> int:
    return round(1200 * math.log2(seconds))


def one_zone(
    tmp_path: Path,
    own: Sequence[tuple[int, int]],
    upper: Sequence[tuple[int, int]] = (),
    common: Sequence[tuple[int, int]] = (),
) -> Zone:
    layer = Layer(overtones(1.0), own, upper)
    font = SoundFont(write_sound_font(tmp_path / "a.sf2", [Instrument(0, 5, [layer], common)]))
    (zone,) = font.zones(0, 5, 60, 100)
    return zone


def frequency(sound: NDArray[np.float32]) -> float:
    strength = np.abs(np.fft.rfft(sound * np.hanning(len(sound))))
    return float(strength.argmax()) * RATE / len(sound)


@pytest.mark.parametrize(
    ("own", "key", "wanted"),
    [
        ([], 72, 500.0),
        ([], 84, 1000.0),
        ([(58, 60)], 72, 1000.0),  # another root key
        ([(51, -12)], 72, 250.0),  # semitones
        ([(51, 11), (52, 100)], 72, 1000.0),  # and cents
        ([(56, 50)], 96, 1000.0),  # half a semitone for each key
    ],
)
def test_keys_sound_at_their_pitch(
    tmp_path: Path, own: Sequence[tuple[int, int]], key: int, wanted: float
) -> None:
    sound = sound_of(one_zone(tmp_path, [*own, LOOPED]), key, 127, 1.0, RATE)[:RATE]
    assert frequency(sound) == pytest.approx(wanted, abs=1)


def test_a_looped_sample_goes_on_and_another_ends(tmp_path: Path) -> None:
    held = sound_of(one_zone(tmp_path, [LOOPED]), 72, 127, 1.0, RATE)
    assert np.abs(held[-2000:-1000]).max() > 0.5
    assert len(sound_of(one_zone(tmp_path, []), 72, 127, 1.0, RATE)) < 256


def test_loudness_follows_velocity_and_attenuation(tmp_path: Path) -> None:
    def peak(zone: Zone, velocity: int) -> float:
        return float(np.abs(sound_of(zone, 72, velocity, 0.5, RATE)).max())

    plain = one_zone(tmp_path, [LOOPED])
    loud = peak(plain, 127)
    assert loud == pytest.approx(20_000 / 32_768, rel=0.01)
    assert peak(plain, 64) == pytest.approx(loud * (64 / 127) ** 2, rel=0.01)
    quiet = one_zone(tmp_path, [LOOPED, (48, 60)], [(48, 140)])  # 6 dB, and 14 dB of the preset
    assert peak(quiet, 127) == pytest.approx(loud / 10, rel=0.01)


def test_the_envelope_rises_falls_and_dies_away(tmp_path: Path) -> None:
    zone = one_zone(
        tmp_path,
        [
            LOOPED,
            (34, timecents(0.25)),  # attack
            (36, timecents(1.0)),  # decay: 100 dB in a second
            (37, 200),  # sustain at -20 dB
            (38, timecents(0.5)),  # release: 100 dB in half a second
        ],
    )
    sound = sound_of(zone, 72, 127, 1.0, RATE)
    full = 20_000 / 32_768

    def level(seconds: float) -> float:
        middle = round(seconds * RATE)
        return float(np.abs(sound[middle - 40 : middle + 40]).max()) / full

    assert level(0.125) == pytest.approx(0.5, abs=0.02)
    assert level(0.25) == pytest.approx(1.0, abs=0.02)
    assert level(0.35) == pytest.approx(10**-0.5, abs=0.02)  # 10 dB
    assert level(0.9) == pytest.approx(0.1, abs=0.005)
    assert level(1.1) == pytest.approx(0.01, abs=0.002)  # 20 dB more
    assert len(sound) == 1.5 * RATE
    assert np.abs(sound[-10:]).max() < 1e-4


def test_only_what_is_struck_sounds(tmp_path: Path) -> None:
    layers = [
        Layer(overtones(1.0), [(KEYS, limits(0, 59))]),
        Layer(overtones(0.0, 1.0), [(KEYS, limits(60, 127))]),
        Layer(overtones(0.0, 0.0, 1.0), [], [(VELOCITIES, limits(100, 127))]),
    ]
    font = SoundFont(write_sound_font(tmp_path / "a.sf2", [Instrument(0, 5, layers)]))

    def partials(key: int, velocity: int) -> list[int]:
        zones = font.zones(0, 5, key, velocity)
        return [int(np.abs(np.fft.rfft(one.samples)).argmax()) // 4 for one in zones]

    assert partials(59, 50) == [1]
    assert partials(60, 50) == [2]
    assert partials(60, 127) == [2, 3]
    assert font.zones(0, 6, 60, 100) == font.zones(128, 5, 60, 100) == []


def test_what_is_common_holds_unless_a_zone_says_otherwise(tmp_path: Path) -> None:
    common = [(48, 30), (37, 40)]
    zone = one_zone(tmp_path, [(48, 50)], [(48, 5)], common)
    assert zone.attenuation == 5.5  # of the zone, and of the preset
    assert zone.sustain == 4.0


@pytest.mark.parametrize("data", [b"", b"RIFF\x04\0\0\0sfbk", b"no sound font at all"])
def test_other_files_are_refused(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "a.sf2"
    path.write_bytes(data)
    with pytest.raises(InvalidInput, match=r"a\.sf2 lacks smpl, phdr.*SoundFont 2"):
        SoundFont(path)
