"""Vocals and background music as files."""

from pathlib import Path

import numpy as np
import pytest
import soundfile

from nearfield.pipelines.progress import finish
from nearfield.pipelines.stems import Stems, separate_file
from nearfield.sound.unreadable import Unreadable
from sound.made_sounds import noise, song, write_sound


def separate(path: Path, folder: Path, separation: str = "none") -> Stems:
    return finish(separate_file(path, folder, separation, folder / "cache"))


@pytest.mark.parametrize(("rate", "channels"), [(44_100, 2), (16_000, 2), (22_050, 1), (48_000, 1)])
def test_the_stems_add_up_to_the_song(tmp_path: Path, rate: int, channels: int) -> None:
    mono = song(7, rate)
    sound = mono if channels == 1 else np.stack([mono, mono[::-1]], axis=1)
    path = write_sound(tmp_path / "song.wav", sound, rate)
    stems = separate(path, tmp_path / "out", "own")
    vocals, vocals_rate = soundfile.read(stems.vocals, dtype="float32", always_2d=True)
    bgm, bgm_rate = soundfile.read(stems.bgm, dtype="float32", always_2d=True)
    whole, _ = soundfile.read(path, dtype="float32", always_2d=True)
    assert (vocals_rate, bgm_rate) == (rate, rate)
    assert vocals.shape == bgm.shape == whole.shape
    assert np.abs(vocals + bgm - whole).max() < 1e-6
    assert stems.seconds == pytest.approx(7, abs=0.01)


def test_without_separation_all_is_background(tmp_path: Path) -> None:
    path = write_sound(tmp_path / "song.flac", song(3, 44_100), 44_100)
    stems = separate(path, tmp_path / "out")
    vocals, _ = soundfile.read(stems.vocals)
    assert np.abs(vocals).max() < 1e-3


def test_more_channels_than_two_are_mixed(tmp_path: Path) -> None:
    path = write_sound(tmp_path / "six.wav", np.stack([noise(2, seed=n) for n in range(6)], 1))
    stems = separate(path, tmp_path / "out")
    assert soundfile.info(stems.bgm).channels == 1


def test_what_is_no_sound_leaves_nothing_behind(tmp_path: Path) -> None:
    path = write_sound(tmp_path / "silent.wav", np.zeros(44_100, dtype=np.float32))
    with pytest.raises(Unreadable, match="loudest sample"):
        separate(path, tmp_path / "out")
    assert not (tmp_path / "out").exists()
