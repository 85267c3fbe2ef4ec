"""Training the encoder on a library of one's own."""

from pathlib import Path

import numpy as np
import pytest
import torch

from music.library import tag
from nearfield.errors import InvalidInput
from nearfield.home import Nearfield
from nearfield.sound.contrast import tell_songs_apart
from sound.made_sounds import song, write_sound


@pytest.fixture(scope="module")
def grown(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home with as many songs as training needs."""
    folder = tmp_path_factory.mktemp("many")
    for number in range(52):
        path = write_sound(folder / f"{number:02}.flac", song(11, seed=number))
        tag(path, title=f"Song {number}", album=f"Album {number % 5}")
    home = tmp_path_factory.mktemp("grown")
    with Nearfield(home) as nearfield:
        nearfield.music.add(folder, separation="none")
    return home


@pytest.mark.parametrize("labels", [None, "album"])
def test_a_library_trains_its_encoder_and_publishes(grown: Path, labels: str | None) -> None:
    with Nearfield(grown) as home:
        before = home.music.status().version
        model = home.music.train(epochs=1, labels=labels)
        assert (model.card["labels"], model.card["start"]) == (labels, before)
        assert home.music.status().version == before  # until it is published
        space = home.publish("songs")
        assert (space.version, space.rows) == (model.version, 52)
        keys = home.stores.catalogue("songs").sounds.present()
        titles = home.stores.catalogue("songs").item_ids(keys[:1])
        assert len(home.music.similar(titles[0], 60)) == 51


def test_unknown_labels_and_options_are_named(grown: Path) -> None:
    with Nearfield(grown) as home:
        with pytest.raises(InvalidInput, match="no label 'mood': wanted one of album, artist"):
            home.music.train(labels="mood")
        with pytest.raises(InvalidInput, match=r"epoch=3.*It knows epochs"):
            home.music.train(epoch=3)


def test_songs_of_one_group_are_positives() -> None:
    vectors = torch.nn.functional.normalize(
        torch.randn(8, 4, generator=torch.manual_seed(0)), dim=1
    )
    alone = tell_songs_apart(vectors, torch.tensor(np.repeat([0, 1, 2, 3], 2)), 0.1)
    grouped = tell_songs_apart(vectors, torch.tensor(np.repeat([0, 0, 2, 2], 2)), 0.1)
    assert alone.item() != pytest.approx(grouped.item())
