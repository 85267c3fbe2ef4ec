"""The cepstrum: librosa's figures, in blocks of any size, of sounds of any length."""

import librosa
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from pydantic import ValidationError

from nearfield.errors import InvalidInput
from nearfield.sound.cepstrum import (
    CepstrumConfig,
    CepstrumStream,
    cepstra,
    deltas,
    mfcc,
    to_levels,
)
from nearfield.sound.frames import FrameStream, mel_bank
from nearfield.sound.waveform import RATE
from sound.made_songs import tune

CONFIGS = [
    CepstrumConfig(),
    CepstrumConfig(window=512, hop=160, rate=16_000, bands=40, coefficients=13, depth=60.0),
    CepstrumConfig(window=1024, hop=1024, bands=64, coefficients=64),
]


def by_librosa(waveform: NDArray[np.float32], config: CepstrumConfig) -> NDArray[np.float32]:
    power = librosa.feature.melspectrogram(
        y=waveform,
        sr=config.rate,
        n_fft=config.window,
        hop_length=config.hop,
        n_mels=config.bands,
    )
    levels = librosa.power_to_db(power, top_db=config.depth)
    found: NDArray[np.float32] = librosa.feature.mfcc(S=levels, n_mfcc=config.coefficients).T
    return found


@pytest.mark.parametrize("config", CONFIGS)
def test_the_figures_are_those_of_librosa(config: CepstrumConfig) -> None:
    waveform = tune(1, 3.0)
    found = mfcc(waveform, config)
    assert found.dtype == np.float32
    assert found.shape == (1 + len(waveform) // config.hop, config.coefficients)
    np.testing.assert_allclose(found, by_librosa(waveform, config), atol=2e-3)


def test_the_default_is_what_librosa_calls_its_mfcc() -> None:
    waveform = tune(2, 2.0)
    theirs = librosa.feature.mfcc(
        y=waveform, sr=RATE, n_mfcc=40, n_mels=80, n_fft=2048, hop_length=1024
    )
    np.testing.assert_allclose(mfcc(waveform), theirs.T, atol=2e-3)


@given(
    samples=st.integers(1, 2000),
    block=st.integers(1, 700),
    window=st.sampled_from([16, 64, 65, 256]),
    share=st.floats(0.01, 1),
)
def test_blocks_of_any_size_give_the_cepstrum_of_the_whole(
    samples: int, block: int, window: int, share: float
) -> None:
    hop = max(1, round(share * window))
    config = CepstrumConfig(window=window, hop=hop, rate=8_000, bands=8, coefficients=5)
    waveform = np.random.default_rng(0).normal(0, 0.1, samples).astype(np.float32)
    blocks = [waveform[start : start + block] for start in range(0, samples, block)]
    found = cepstra(blocks, config)
    assert found.shape == (1 + samples // hop, 5)
    np.testing.assert_allclose(found, mfcc(waveform, config), atol=1e-3)


def test_frames_lie_around_multiples_of_the_hop_and_silence_around_the_sound() -> None:
    stream = FrameStream(window=4, hop=3)
    six = np.arange(1, 7, dtype=np.float32)
    frames = [*stream.feed(six[:5]), *stream.feed(six[5:])]
    found = np.concatenate([*frames, *stream.finish()])
    assert found.tolist() == [[0, 0, 1, 2], [2, 3, 4, 5], [5, 6, 0, 0]]


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"hop": 4096}, "hop of 4096 samples is longer than the window of 2048"),
        ({"coefficients": 81}, "80 bands have no 81 coefficients"),
    ],
)
def test_settings_that_would_lose_sound_are_refused(settings: dict[str, int], message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        CepstrumConfig.model_validate(settings)


def test_empty_blocks_change_nothing_and_no_sound_at_all_is_refused() -> None:
    stream = CepstrumStream(CepstrumConfig())
    stream.feed(np.zeros(0, dtype=np.float32))
    with pytest.raises(InvalidInput, match="no samples"):
        stream.finish()


def test_silence_has_a_cepstrum_without_a_shape() -> None:
    found = mfcc(np.zeros(RATE, dtype=np.float32))
    assert np.isfinite(found).all()
    np.testing.assert_allclose(found[:, 1:], 0, atol=1e-4)


def test_a_louder_sound_differs_in_the_first_coefficient_only() -> None:
    waveform = tune(3, 2.0)
    change = mfcc(2 * waveform) - mfcc(waveform)
    np.testing.assert_allclose(change[:, 0], 20 * np.log10(2) * np.sqrt(80), atol=1e-2)
    np.testing.assert_allclose(change[:, 1:], 0, atol=1e-2)


@pytest.mark.parametrize("width", [3, 9])
def test_deltas_are_those_of_librosa(width: int) -> None:
    features = mfcc(tune(4, 2.0))
    theirs = librosa.feature.delta(features.T, width=width).T
    np.testing.assert_allclose(deltas(features, width), theirs, atol=1e-4)


@pytest.mark.parametrize("frames", [0, 1, 8])
def test_short_sounds_have_deltas_too(frames: int) -> None:
    found = deltas(np.ones((frames, 3), dtype=np.float32))
    assert found.shape == (frames, 3)
    np.testing.assert_allclose(found, 0, atol=1e-6)


def test_a_width_without_a_middle_is_refused() -> None:
    with pytest.raises(InvalidInput, match="width is 4; give an odd number"):
        deltas(np.ones((9, 2), dtype=np.float32), width=4)


def test_a_whole_cepstrum_turns_back_into_levels() -> None:
    config = CepstrumConfig(bands=24, coefficients=24)
    levels = np.random.default_rng(1).normal(-40, 9, (5, 24)).astype(np.float32)
    waveform = tune(5, 1.0)
    assert to_levels(mfcc(waveform, config), 24).max() <= 60
    transformed = librosa.feature.mfcc(S=levels.T, n_mfcc=24).T
    np.testing.assert_allclose(to_levels(transformed, 24), levels, atol=1e-3)


@pytest.mark.parametrize(("rate", "window", "bands"), [(22_050, 2048, 80), (16_000, 512, 96)])
def test_bands_are_those_of_librosa(rate: int, window: int, bands: int) -> None:
    theirs = librosa.filters.mel(sr=rate, n_fft=window, n_mels=bands)
    np.testing.assert_allclose(mel_bank(rate, window, bands), theirs, atol=1e-6)
