import hashlib
import io
import sys
from collections.abc import Sequence
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from nearfield.errors import Unavailable
from nearfield.sound.demucs import DemucsSeparator, load_demucs
from nearfield.sound.separation_quality import sdr
from sound.separation_sounds import chords, singer

TINY = {"channels": 16, "growth": 1, "t_layers": 1, "t_heads": 2, "bottom_channels": 16}
TINY |= {"t_hidden_scale": 2, "depth": 4, "nfft": 1024, "segment": 2}


class Model(nn.Module):
    """Has what a model of Demucs has, and gives the vocals a quarter of everything."""

    samplerate = 44_100
    audio_channels = 2

    def __init__(self, sources: Sequence[str] = ("drums", "bass", "other", "vocals")) -> None:
        super().__init__()
        self.sources = list(sources)


def apply(model: Model, mixture: Tensor, **options: object) -> Tensor:
    assert mixture.shape[1] == model.audio_channels
    assert abs(float(mixture.std()) - 1) < 0.01
    quarter = mixture[:, None] * 0.25
    return quarter.expand(-1, len(model.sources), -1, -1)


def test_the_voice_is_resampled_scaled_and_taken_away() -> None:
    sound = chords(2.0) + singer(2.0)
    separator = DemucsSeparator(Model(), apply, "htdemucs")
    found = separator.accompaniment(sound)
    assert found.shape == sound.shape
    assert found.dtype == np.float32
    assert sdr(found, sound * np.float32(0.75)) > 30
    assert len(separator.accompaniment(sound[:0])) == 0


def test_silence_stays_silence() -> None:
    def silent(model: Model, mixture: Tensor, **options: object) -> Tensor:
        return torch.zeros(1, 4, *mixture.shape[1:])

    found = DemucsSeparator(Model(), silent, "x").accompaniment(np.zeros(999, dtype=np.float32))
    assert not found.any()


def test_a_model_without_vocals_is_refused() -> None:
    with pytest.raises(Unavailable, match=r"model kit tells drums, bass apart, but no vocals"):
        DemucsSeparator(Model(("drums", "bass")), apply, "kit")


def test_without_the_package_the_message_says_how_to_have_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "demucs", None)
    monkeypatch.setitem(sys.modules, "demucs.pretrained", None)
    with pytest.raises(Unavailable, match=r"pip install demucs.*own, spleeter, none"):
        load_demucs(tmp_path)


def test_without_weights_the_message_says_where_they_go(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def ends(name: str, repo: Path | None) -> Any:
        raise SystemExit(1)

    pretend(monkeypatch, ends)
    with pytest.raises(Unavailable, match=rf"put htdemucs\.yaml .*{tmp_path.name}"):
        load_demucs(tmp_path)


def test_weights_on_disk_are_preferred(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[Path | None] = []

    def model(name: str, repo: Path | None) -> Model:
        asked.append(repo)
        return Model()

    pretend(monkeypatch, model)
    load_demucs(tmp_path)
    (tmp_path / "demucs").mkdir()
    assert load_demucs(tmp_path).version == "htdemucs"
    assert asked == [None, tmp_path / "demucs"]


def pretend(monkeypatch: pytest.MonkeyPatch, get_model: Any) -> None:
    """Put a package with the names of Demucs in its place."""
    for name in ("demucs", "pretrained", "apply", "htdemucs", "hdemucs", "demucs.demucs"):
        module = ModuleType(name)
        module.__dict__.update(
            get_model=get_model, apply_model=apply, HTDemucs=Model, HDemucs=Model, Demucs=Model
        )
        monkeypatch.setitem(sys.modules, name if name == "demucs" else f"demucs.{name}", module)
    monkeypatch.setitem(sys.modules, "demucs.demucs", module)


def test_the_real_package_with_a_tiny_model(tmp_path: Path) -> None:
    htdemucs = pytest.importorskip("demucs.htdemucs")
    states = pytest.importorskip("demucs.states")
    sources = ["drums", "bass", "other", "vocals"]
    model = htdemucs.HTDemucs(sources, **TINY)
    package = {
        "klass": htdemucs.HTDemucs,
        "args": (sources,),
        "kwargs": TINY,
        "state": states.get_state(model, None, half=True),
        "training_args": {},
    }
    written = io.BytesIO()
    torch.save(package, written)
    digest = hashlib.sha256(written.getvalue()).hexdigest()[:8]
    folder = tmp_path / "demucs"
    folder.mkdir()
    (folder / f"tiny-{digest}.th").write_bytes(written.getvalue())
    (folder / "htdemucs.yaml").write_text("models: ['tiny']\n")
    sound = chords(3.0)
    found = load_demucs(tmp_path).accompaniment(sound)
    assert found.shape == sound.shape
    assert np.isfinite(found).all()
