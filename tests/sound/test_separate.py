from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from safetensors.torch import load_file

from nearfield.errors import InvalidInput
from nearfield.sound.mask_network import MaskConfig, MaskNetwork, quicken
from nearfield.sound.own import WEIGHTS, OwnSeparator, load_own, save_own
from nearfield.sound.separate import NoSeparation, load_separator, separate_blocks
from nearfield.sound.separation_quality import sdr, si_sdr
from nearfield.sound.waveform import RATE, Waveform
from nearfield.training.card import read_json
from sound.separation_sounds import chords, singer

SMALL = MaskConfig(
    window=256,
    hop=64,
    downs=(4, 6, 8),
    down_squeezed=(0, 0, 3),
    ups=(6, 5, 1),
    up_squeezed=(0, 4, 0),
    seed=3,
)


def in_pieces(sound: Waveform, size: int) -> Iterator[Waveform]:
    for start in range(0, len(sound), size):
        yield sound[start : start + size]


class Halves:
    """Halves everything but the edges, which it spoils: a window must not show them."""

    name = "halves"
    version = "1"

    def __init__(self, window: int, margin: int) -> None:
        self.window = window
        self.margin = margin
        self.longest = 0

    def accompaniment(self, waveform: Waveform) -> Waveform:
        self.longest = max(self.longest, len(waveform))
        sound = waveform * np.float32(0.5)
        spoilt = self.margin // 4
        if spoilt:
            sound[:spoilt] = sound[-spoilt:] = 9
        return sound


@pytest.fixture(scope="module")
def own() -> OwnSeparator:
    return load_own()


@given(
    samples=st.integers(1, 900),
    piece=st.integers(1, 300),
    margin=st.integers(4, 20),
    extra=st.integers(1, 60),
)
@settings(max_examples=60, deadline=None)
def test_blocks_keep_the_length_and_show_no_edge_of_a_window(
    samples: int, piece: int, margin: int, extra: int
) -> None:
    separator = Halves(4 * margin + extra, margin)
    sound = np.random.default_rng(0).uniform(-1, 1, samples).astype(np.float32)
    got = np.concatenate(list(separate_blocks(separator, in_pieces(sound, piece))))
    assert len(got) == samples
    assert separator.longest <= separator.window  # bounded memory
    inside = slice(margin // 4, samples - margin // 4)
    np.testing.assert_allclose(got[inside], sound[inside] / 2, atol=1e-6)


def test_none_gives_back_what_came() -> None:
    sound = chords(1.0)
    assert np.array_equal(NoSeparation().accompaniment(sound), sound)
    got = np.concatenate(list(separate_blocks(NoSeparation(), in_pieces(sound, 1000))))
    assert np.array_equal(got, sound)


def test_nothing_gives_nothing(own: OwnSeparator) -> None:
    assert len(own.accompaniment(np.zeros(0, dtype=np.float32))) == 0
    assert not list(separate_blocks(own, []))


def test_blocks_of_the_shipped_separator_equal_the_whole() -> None:
    own = load_own()
    sound = np.tile(chords(10.0) + singer(10.0), 4)[: 35 * RATE + 77]
    whole = own.accompaniment(sound)
    got = np.concatenate(list(separate_blocks(own, in_pieces(sound, 20_000))))
    assert got.shape == whole.shape
    assert sdr(got, whole) > 20  # the difference has at most a hundredth of the energy


@pytest.mark.parametrize("samples", [1, 100, 2047, 5000, RATE])
def test_any_length_is_kept(own: OwnSeparator, samples: int) -> None:
    sound = np.random.default_rng(0).normal(0, 0.1, samples).astype(np.float32)
    found = own.accompaniment(sound)
    assert found.shape == sound.shape
    assert found.dtype == np.float32
    assert np.isfinite(found).all()


def test_silence_stays_silence(own: OwnSeparator) -> None:
    assert not own.accompaniment(np.zeros(RATE, dtype=np.float32)).any()


def test_the_shipped_separator_takes_a_voice_out_and_leaves_a_band(own: OwnSeparator) -> None:
    band, voice = chords(12.0), singer(12.0)
    found = own.accompaniment(band + voice)
    assert sdr(found, band) > sdr(band + voice, band) + 3
    assert sdr(band + voice - found, voice) > sdr(band + voice, voice) + 3
    assert sdr(own.accompaniment(band), band) > 10


def test_what_is_shipped_is_small_and_says_its_licence() -> None:
    assert (WEIGHTS / "separation.safetensors").stat().st_size < 5_000_000
    assert read_json(WEIGHTS / "separation.json")["licence"] == "MIT"


def test_saved_weights_load_again(tmp_path: Path) -> None:
    network = MaskNetwork(
        SMALL.model_copy(update={"downs": (4, 16, 24), "down_squeezed": (0, 0, 0)})
    )
    save_own(network, tmp_path, "7", {"licence": "MIT"})
    kernels = load_file(tmp_path / "separation.safetensors")
    assert kernels["downs.2.conv.weight"].dtype == torch.int8  # the large one
    assert kernels["downs.0.conv.weight"].dtype == torch.float32
    loaded = load_own(tmp_path)
    assert loaded.version == "7"
    sound = chords(1.0)
    expected = OwnSeparator(network, "7").accompaniment(sound)
    assert sdr(loaded.accompaniment(sound), expected) > 30


def test_a_quiet_sound_is_separated_like_a_loud_one(own: OwnSeparator) -> None:
    sound = chords(3.0) + singer(3.0)
    quiet = own.accompaniment(sound * np.float32(0.02))
    assert sdr(quiet * np.float32(50), own.accompaniment(sound)) > 40


def test_results_do_not_change_when_asked_again(own: OwnSeparator) -> None:
    sound = chords(2.0) + singer(2.0)
    assert np.array_equal(own.accompaniment(sound), own.accompaniment(sound))


def test_the_quick_form_of_the_network_computes_the_same() -> None:
    network = MaskNetwork(SMALL).eval()
    rng = np.random.default_rng(0)
    with torch.no_grad():
        for name, parameter in network.named_parameters():
            if "norm" in name or "bias" in name:
                parameter.copy_(torch.from_numpy(rng.uniform(-1, 1, parameter.shape)))
    magnitude = torch.from_numpy(rng.uniform(0, 2, (2, 16, SMALL.bins))).float()
    with torch.inference_mode():
        before = network(magnitude)
        quicken(network)
        after = network(magnitude)
    assert before.shape == magnitude.shape
    torch.testing.assert_close(before, after, atol=1e-5, rtol=1e-4)


def test_an_unknown_separator_lists_the_known(tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match=r"no separator 'vocal'.*none, own, spleeter, demucs"):
        load_separator("vocal", tmp_path)


def test_quality_of_a_scaled_truth() -> None:
    truth = chords(1.0)
    assert sdr(truth * np.float32(0.9), truth) == pytest.approx(20, abs=0.01)
    assert si_sdr(truth * np.float32(0.9), truth) > 60
