"""Training: songs recognize themselves, a kill loses nothing, a small library loses nothing."""

from pathlib import Path

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from nearfield.errors import InvalidInput
from nearfield.sound.augment import AugmentConfig, augment, cosines
from nearfield.sound.contrast import follow, tell_songs_apart
from nearfield.sound.encoder import SoundEncoder
from nearfield.sound.encoder_config import SoundTrainingConfig
from nearfield.sound.song_material import Lessons, SongMaterial, abridge
from nearfield.sound.train import SoundTrainer
from nearfield.training.checkpoint import Checkpoint
from sound.made_songs import SMALL, songs

QUICK = SoundTrainingConfig(epochs=3, songs=8, views=2, least_songs=20, learning_rate=5e-3)


@pytest.fixture(scope="module")
def library() -> list[NDArray[np.float32]]:
    """Return 40 made-up songs of ten seconds."""
    return songs(40)


@pytest.fixture(scope="module")
def trained(library: list[NDArray[np.float32]]) -> SoundTrainer:
    """Return a trainer that has run."""
    trainer = SoundTrainer(library, QUICK.model_copy(update={"epochs": 8}), sizes=SMALL)
    list(trainer.run())
    return trainer


def half_hit(encoder: SoundEncoder, library: list[NDArray[np.float32]]) -> float:
    """Return how often the first half finds the second."""
    first, second = (
        np.stack([encoder.embed(half).song for half in halves])
        for halves in zip(*(np.array_split(song, 2) for song in library), strict=True)
    )
    return float(((first @ second.T).argmax(axis=1) == np.arange(len(library))).mean())


def test_songs_that_were_not_seen_find_their_other_half(trained: SoundTrainer) -> None:
    assert trained.curve[-1] < trained.curve[0]
    assert half_hit(trained.encoder, songs(30, first=100)) > 0.7
    assert 0 < trained.score <= 1


def test_steps_tell_how_far_training_is(library: list[NDArray[np.float32]]) -> None:
    trainer = SoundTrainer(library, QUICK, sizes=SMALL)
    steps = list(trainer.run())
    assert [(step.epoch, step.epochs) for step in steps if step.done == step.total] == [
        (0, 3),
        (1, 3),
        (2, 3),
    ]
    assert len(trainer.curve) == 3


def test_a_killed_training_goes_on_with_equal_results(
    library: list[NDArray[np.float32]], tmp_path: Path
) -> None:
    whole = SoundTrainer(library, QUICK, sizes=SMALL)
    list(whole.run())
    for step in SoundTrainer(library, QUICK, sizes=SMALL, checkpoint=Checkpoint(tmp_path)).run():
        if step.epoch == 1 and step.done == 2:
            break
    again = SoundTrainer(library, QUICK, sizes=SMALL, checkpoint=Checkpoint(tmp_path))
    assert [step.epoch for step in again.run()][:1] == [1]
    assert again.curve == whole.curve
    assert again.encoder.version == whole.encoder.version


def test_refining_is_never_worse_on_songs_held_out(
    trained: SoundTrainer, library: list[NDArray[np.float32]]
) -> None:
    harmful = QUICK.model_copy(update={"learning_rate": 10.0, "epochs": 1, "lesson": 0.0})
    trainer = SoundTrainer(library, harmful, trained.encoder)
    list(trainer.run())
    assert trainer.encoder.version == trained.encoder.version  # the one at the start was kept


def test_refining_stays_near_the_start(
    trained: SoundTrainer, library: list[NDArray[np.float32]]
) -> None:
    gentle = QUICK.model_copy(update={"learning_rate": 1e-3})
    trainer = SoundTrainer(library, gentle, trained.encoder)
    list(trainer.run())
    pairs = [encoder.embed(library[0]).song for encoder in (trained.encoder, trainer.encoder)]
    assert pairs[0] @ pairs[1] > 0.7
    assert trainer.encoder.features_version == trained.encoder.features_version


def test_a_teacher_is_followed(library: list[NDArray[np.float32]]) -> None:
    rng = np.random.default_rng(0)
    lessons = Lessons(
        [rng.normal(size=(5, SMALL.learned)).astype(np.float32) for _ in library], frames=31.0
    )
    follows = QUICK.model_copy(update={"contrast": 0.0, "hard": 0.0, "epochs": 6})
    trainer = SoundTrainer(library, follows, lessons=lessons, sizes=SMALL)
    list(trainer.run())
    assert trainer.curve[-1] < trainer.curve[0]


def test_lessons_are_those_of_the_stretches_within_a_window() -> None:
    lessons = Lessons([np.eye(4, dtype=np.float32)], frames=10.0)
    np.testing.assert_allclose(lessons.of(0, 10, 20), [0, 0.5**0.5, 0.5**0.5, 0], atol=1e-6)
    np.testing.assert_allclose(lessons.of(0, 38, 5), [0, 0, 0, 1], atol=1e-6)


def test_too_few_songs_are_refused(library: list[NDArray[np.float32]]) -> None:
    short = [song[:40] for song in library]
    with pytest.raises(InvalidInput, match=r"0 of 40 songs last 4 seconds.*needs 20.*Add songs"):
        SoundTrainer(short, QUICK, sizes=SMALL)
    with pytest.raises(InvalidInput, match="song 0 has features of shape"):
        SoundTrainer([np.zeros((99, 3), dtype=np.float32)] * 40, QUICK, sizes=SMALL)


def test_half_the_bytes_of_two_minutes_are_enough() -> None:
    a_second = SMALL.cepstrum.frames_a_second
    song = np.arange(round(400 * a_second), dtype=np.float32)[:, None]
    kept = abridge(song, SMALL)
    assert kept.dtype == np.float16
    assert len(kept) == round(120 * a_second)
    assert float(kept.astype(np.float32).mean()) == pytest.approx(len(song) / 2, rel=1e-2)
    halved = [abridge(one, SMALL) for one in songs(25)]
    one_epoch = QUICK.model_copy(update={"epochs": 1})
    list(SoundTrainer(halved, one_epoch, sizes=SMALL).run())


def test_an_encoder_is_there_after_training_only(library: list[NDArray[np.float32]]) -> None:
    with pytest.raises(InvalidInput, match="go through run"):
        _ = SoundTrainer(library, QUICK, sizes=SMALL).encoder


def test_windows_of_a_song_lie_in_different_parts(library: list[NDArray[np.float32]]) -> None:
    material = SongMaterial(library, SMALL, QUICK)
    assert not set(material.train) & set(material.held_out)
    starts = material.starts(0, 4, np.random.default_rng(0))
    assert (np.diff(starts) > 0).all()
    assert starts[-1] + material.size <= len(library[0])


def test_telling_songs_apart_is_the_sum_written_as_loops() -> None:
    rng = np.random.default_rng(2)
    vectors = rng.normal(size=(6, 3))
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    owners, losses = [0, 0, 0, 1, 1, 1], []
    for a in range(6):
        others = [b for b in range(6) if b != a]
        total = sum(np.exp(vectors[a] @ vectors[b] / 0.2) for b in others)
        own = [b for b in others if owners[b] == owners[a]]
        losses.append(
            np.mean([-np.log(np.exp(vectors[a] @ vectors[b] / 0.2) / total) for b in own])
        )
    found = tell_songs_apart(torch.from_numpy(vectors), torch.tensor(owners), 0.2)
    assert float(found) == pytest.approx(np.mean(losses))
    with pytest.raises(InvalidInput, match="two windows or more"):
        tell_songs_apart(torch.from_numpy(vectors), torch.arange(6), 0.2)


def test_following_costs_nothing_where_both_agree() -> None:
    vectors = torch.eye(4)
    assert float(follow(vectors, vectors, 5.0)) == 0
    assert float(follow(vectors, vectors.flip(0), 0.0)) == 1
    assert float(follow(vectors, vectors.flip(0), 5.0)) == 1  # the cosines of pairs agree


def test_changes_come_from_the_generator_and_nothing_else() -> None:
    levels = torch.randn(6, 30, 24, generator=torch.Generator().manual_seed(0)) * 10 - 40
    first, again, other = (
        augment(levels, AugmentConfig(), 80.0, np.random.default_rng(seed)) for seed in (1, 1, 2)
    )
    assert first.shape == levels.shape
    assert torch.equal(first, again)
    assert not torch.equal(first, other)


def test_no_change_leaves_all_but_the_depth() -> None:
    levels = torch.randn(3, 20, 24, generator=torch.Generator().manual_seed(0)) * 10 - 40
    left = augment(levels, AugmentConfig(often=0.0), 200.0, np.random.default_rng(0))
    torch.testing.assert_close(left, levels, atol=1e-3, rtol=1e-4)
    shallow = augment(levels, AugmentConfig(often=0.0), 20.0, np.random.default_rng(0))
    assert float((shallow.amax((1, 2)) - shallow.amin((1, 2))).max()) <= 20.001


def test_the_cosine_transform_is_its_own_way_back() -> None:
    matrix = cosines(24, 24)
    torch.testing.assert_close(matrix @ matrix.T, torch.eye(24), atol=1e-5, rtol=0)
