"""What changes a space keeps every other process out of it, whichever machine that is on."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from nearfield.catalogue.store import Catalogues
from nearfield.errors import InUse
from nearfield.home import Nearfield
from small_home import fill_home


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return fill_home(tmp_path_factory.mktemp("locked") / "home")


@pytest.mark.parametrize(
    "change",
    [
        lambda home: home.publish(space="fusion"),
        lambda home: home.refresh(space="fusion"),
        lambda home: home.rollback(space="fusion"),
    ],
    ids=["publish", "refresh", "rollback"],
)
def test_a_space_is_changed_by_one_at_a_time(
    folder: Path, change: Callable[[Nearfield], Any]
) -> None:
    with (
        Nearfield(folder) as home,
        # with the same database as another machine would have it
        Catalogues(home.stores.catalogues._database.url.render_as_string()) as elsewhere,
    ):
        with (
            elsewhere.exclusive("space movies fusion"),
            pytest.raises(InUse, match="rolls back a space at a time"),
        ):
            change(home)
        with elsewhere.exclusive("space movies graph"):
            home.publish(space="fusion")
