"""The encoder: what its vectors promise, for songs of any length, and its files."""

from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

import nearfield
from nearfield.errors import InvalidInput, NotFound
from nearfield.sound.cepstrum import mfcc
from nearfield.sound.encoder import SoundEncoder, side_by_side
from nearfield.sound.encoder_network import CepstrumNetwork
from nearfield.sound.encoders import ENCODERS, load_encoder
from nearfield.sound.encoding import features_of
from nearfield.sound.statistics import Projection, describe
from nearfield.sound.waveform import RATE
from nearfield.sound.windows import cut, window_starts
from nearfield.training.card import read_json
from sound.made_songs import SMALL, songs, tune


@pytest.fixture(scope="module")
def small() -> SoundEncoder:
    """Return an encoder of random weights."""
    generator = torch.Generator().manual_seed(5)
    network = CepstrumNetwork(SMALL)
    with torch.no_grad():
        for weights in network.parameters():
            weights.copy_(torch.randn(weights.shape, generator=generator) * 0.1)
    sample = np.stack([song[:31] for song in songs(40, 3.0)])
    raw = side_by_side(sample, network.eval(), SMALL)
    return SoundEncoder(SMALL, network, Projection.tell_apart(raw, np.arange(40) // 2, SMALL.dim))


@pytest.fixture(scope="module")
def shipped() -> SoundEncoder:
    """Return the encoder that comes with Nearfield."""
    return SoundEncoder.pretrained()


@pytest.mark.parametrize("seconds", [0.001, 0.5, 1.9, 2.0, 2.1, 9.3])
def test_songs_of_any_length_have_unit_vectors_that_cover_them(
    small: SoundEncoder, seconds: float
) -> None:
    rate = SMALL.cepstrum.rate
    found = small.embed(mfcc(tune(1, seconds, rate), SMALL.cepstrum))
    assert found.song.shape == (small.dim,)
    assert found.windows.shape == (len(found.starts), small.dim)
    lengths = np.linalg.norm(np.vstack([found.song, found.windows]), axis=1)
    np.testing.assert_allclose(lengths, 1, atol=1e-5)
    assert found.starts[0] == 0
    assert (np.diff(found.starts) <= SMALL.step + 0.1).all()
    assert seconds - found.starts[-1] <= SMALL.seconds + 0.1


def test_a_song_in_blocks_gets_the_same_vectors_each_time(shipped: SoundEncoder) -> None:
    waveform = tune(2, 21.0)
    blocks = [waveform[start : start + 50_001] for start in range(0, len(waveform), 50_001)]
    first = shipped.embed(features_of(shipped, blocks))
    again = shipped.embed(features_of(shipped, [waveform]))
    assert first.windows.shape == (5, shipped.dim)
    np.testing.assert_allclose(first.windows, again.windows, atol=1e-4)
    np.testing.assert_array_equal(shipped.embed(features_of(shipped, blocks)).song, first.song)


def test_an_hour_has_a_bounded_number_of_windows(small: SoundEncoder) -> None:
    frames = round(3600 * SMALL.cepstrum.frames_a_second)
    features = np.random.default_rng(3).normal(size=(frames, 12)).astype(np.float32)
    found = small.embed(features)
    assert len(found.starts) == SMALL.most_windows
    assert found.starts[-1] > 3590


def test_loudness_does_not_matter(shipped: SoundEncoder) -> None:
    waveform = tune(4, 12.0)
    loud, soft = (shipped.embed(mfcc(gain * waveform)).song for gain in (1.0, 0.1))
    assert loud @ soft > 0.999


def test_parts_of_a_song_are_more_alike_than_songs(shipped: SoundEncoder) -> None:
    tunes = [tune(seed, 24.0) for seed in range(12)]
    first = np.stack([shipped.embed(mfcc(one[: 12 * RATE])).song for one in tunes])
    second = np.stack([shipped.embed(mfcc(one[12 * RATE :])).song for one in tunes])
    cosines = first @ second.T
    assert (cosines.argmax(axis=1) == np.arange(12)).mean() >= 0.9


def test_an_encoder_read_back_gives_equal_vectors(small: SoundEncoder, tmp_path: Path) -> None:
    features = songs(1)[0]
    small.save(tmp_path / "made", {"licence": "CC0"})
    again = load_encoder(tmp_path / "made", tmp_path)
    assert (again.name, again.version, again.dim) == (small.name, small.version, small.dim)
    assert again.features_version == small.features_version
    np.testing.assert_array_equal(again.embed(features).song, small.embed(features).song)
    assert read_json(tmp_path / "made" / "card.json")["licence"] == "CC0"


def test_the_version_changes_with_the_weights(small: SoundEncoder) -> None:
    other = CepstrumNetwork(SMALL)
    changed = SoundEncoder(SMALL, other, small.joint)
    assert changed.version != small.version
    assert changed.features_version == small.features_version


def test_features_of_another_cepstrum_are_refused(small: SoundEncoder) -> None:
    with pytest.raises(InvalidInput, match=r"shape \(9, 40\).*\(frames, 12\)"):
        small.embed(np.zeros((9, 40), dtype=np.float32))
    with pytest.raises(InvalidInput, match=r"shape \(0, 12\)"):
        small.embed(np.zeros((0, 12), dtype=np.float32))


def test_broken_folders_are_told_apart(small: SoundEncoder, tmp_path: Path) -> None:
    with pytest.raises(NotFound, match=r"card\.json does not exist"):
        load_encoder(tmp_path / "nothing", tmp_path)
    folder = tmp_path / "made"
    small.save(folder, {})
    card = (folder / "card.json").read_text()
    (folder / "card.json").write_text(card.replace('"channels": 16', '"channels": 24'))
    with pytest.raises(InvalidInput, match="does not fit the settings"):
        load_encoder(folder, tmp_path)
    (folder / "card.json").write_text(card.replace('"channels"', '"chanels"'))
    with pytest.raises(InvalidInput, match="does not know"):
        load_encoder(folder, tmp_path)
    (folder / "card.json").write_text(card.replace('"own"', '"theirs"'))
    with pytest.raises(InvalidInput, match="no encoder 'theirs': wanted one of own, musicnn"):
        load_encoder(folder, tmp_path)
    with pytest.raises(InvalidInput, match="is of the encoder 'theirs', not 'own'"):
        SoundEncoder.load(folder)


def test_the_shipped_encoder_says_what_it_is(shipped: SoundEncoder, tmp_path: Path) -> None:
    folder = Path(str(nearfield.__file__)).parent / "sound" / "weights"
    card = read_json(folder / "encoder.json")
    assert set(ENCODERS) == {"own", "musicnn"}
    assert card["encoder_version"] == shipped.version
    assert shipped.dim == 128
    assert card["licence"]
    assert (folder / "encoder.safetensors").stat().st_size < 10_000_000
    assert load_encoder("own", tmp_path).version == shipped.version


@given(
    frames=st.integers(1, 500),
    size=st.integers(1, 60),
    step=st.integers(1, 60),
    most=st.integers(1, 40),
)
def test_windows_cover_all_frames_and_none_reaches_beyond(
    frames: int, size: int, step: int, most: int
) -> None:
    starts = window_starts(frames, size, step, most)
    features = np.arange(frames, dtype=np.float32)[:, None]
    windows = cut(features, starts, size)
    assert len(windows) == len(starts) <= most
    assert windows[0, 0, 0] == 0
    assert windows.shape[1] == min(size, frames)
    if most > 1 or frames <= size:
        assert windows[-1, -1, 0] == frames - 1
    if len(starts) < most:
        assert (np.diff(starts) <= step).all()


def test_projections_scale_down_what_changes_within_a_group() -> None:
    rng = np.random.default_rng(1)
    groups = np.repeat(np.arange(50), 8)
    telling = rng.normal(size=50)[groups] + rng.normal(0, 0.1, 400)
    noisy = rng.normal(0, 5, 400)
    sample = np.stack([telling, noisy, telling + noisy], axis=1).astype(np.float32)
    found = Projection.tell_apart(sample, groups, 1).apply(sample)[:, 0]
    assert abs(np.corrcoef(found, telling)[0, 1]) > 0.98


def test_rotations_keep_distances() -> None:
    sample = np.random.default_rng(2).normal(size=(30, 6)).astype(np.float32)
    found = Projection.rotate(sample, 6).apply(sample)
    np.testing.assert_allclose(
        np.linalg.norm(found[:1] - found, axis=1),
        np.linalg.norm(sample[:1] - sample, axis=1),
        atol=1e-4,
    )
    with pytest.raises(InvalidInput, match=r"shape \(30, 6\).*onto 7 numbers"):
        Projection.rotate(sample, 7)


def test_statistics_are_those_of_plain_loops() -> None:
    window = np.random.default_rng(3).normal(size=(1, 30, 4)).astype(np.float32)
    found = describe(window, 3)[0]
    frames = window[0].astype(np.float64)
    assert found.shape == (3 * 4 - 1 + 3 + 9 * 4,)
    np.testing.assert_allclose(found[:3], frames.mean(axis=0)[1:], atol=1e-5)
    np.testing.assert_allclose(found[3:7], frames.std(axis=0), atol=1e-5)
    correlations = np.corrcoef(frames[:, :3].T)
    np.testing.assert_allclose(
        found[11:14], [correlations[0, 1], correlations[0, 2], correlations[1, 2]], atol=1e-4
    )


@pytest.mark.parametrize(("cycles", "band"), [(1, 0), (4, 2), (16, 5), (45, 8)])
def test_modulation_is_found_at_its_rate(cycles: int, band: int) -> None:
    wave = np.sin(2 * np.pi * cycles * np.arange(108) / 108).astype(np.float32)
    window = np.stack([wave, wave], axis=1)[None]
    found = describe(window, 2)[0, 3 * 2 - 1 + 1 :].reshape(9, 2)
    assert found[:, 0].argmax() == band
