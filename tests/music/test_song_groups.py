"""Lists learn which songs are the same from what SQL says."""

from pathlib import Path

import numpy as np
import pytest

from nearfield.catalogue.pair_facts import DUPLICATE, VERSION
from nearfield.errors import InvalidInput
from nearfield.home import Nearfield
from nearfield.pipelines.song_groups import SongGroups, Table
from nearfield.types import Ids


class Clock:
    def __init__(self) -> None:
        self.seconds = 0.0

    def __call__(self) -> float:
        return self.seconds


def keys(*values: int) -> Ids:
    return np.array(values, dtype=np.int64)


def test_what_is_in_no_group_is_its_own() -> None:
    table = Table(keys(2, 5, 9), keys(5, 5, 5))
    assert table.of(keys(1, 2, 5, 7, 9, 12)).tolist() == [1, 5, 5, 7, 5, 12]
    assert Table(keys(), keys()).of(keys(3, 1)).tolist() == [3, 1]
    assert table.of(keys()).tolist() == []


def test_changes_in_sql_are_followed(added: Path) -> None:
    with Nearfield(added) as home:
        catalogue = home.stores.catalogue("songs")
        one, two, three, four = catalogue.sounds.present()[:4].tolist()
        clock = Clock()
        versions = SongGroups(catalogue.pairs, "one", clock)
        copies = SongGroups(catalogue.pairs, "all", clock)
        asked = keys(one, two, three, four)
        assert versions.of(asked).tolist() == asked.tolist()
        catalogue.pairs.set_groups(DUPLICATE, {one: two, two: two})
        catalogue.pairs.set_groups(VERSION, {two: three, three: three})
        try:
            assert versions.of(asked).tolist() == asked.tolist()  # read a moment ago
            clock.seconds += 1.0
            assert versions.of(asked).tolist() == [three, three, three, four]
            assert copies.of(asked).tolist() == [two, two, three, four]
            assert versions.best(asked).tolist() == [two, two, three, four]
        finally:
            catalogue.pairs.set_groups(DUPLICATE, {})
            catalogue.pairs.set_groups(VERSION, {})
        clock.seconds += 1.0
        assert versions.of(asked).tolist() == asked.tolist()


def test_only_one_or_all_versions_can_be_asked_for(added: Path) -> None:
    with Nearfield(added) as home, pytest.raises(InvalidInput, match="'some': wanted one"):
        SongGroups(home.stores.catalogue("songs").pairs, "some")  # type: ignore[arg-type]
