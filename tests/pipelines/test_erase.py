"""A user who was erased is nowhere any more."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner

from nearfield.catalogue.facts import Counts
from nearfield.catalogue.store import Catalogues
from nearfield.cli.main import app
from nearfield.errors import InvalidInput, NotFound
from nearfield.home import Nearfield
from nearfield.pipelines.erase import erase
from nearfield.pipelines.imports import import_read
from nearfield.pipelines.progress import finish
from nearfield.pipelines.uploaded import new_folder
from small_home import TINY

USER = "zanzibar-4711"
SECRET = "lighthousekeeper"
OTHER = "zanzibar-47110"


@pytest.fixture
def home(filled: Path, tmp_path: Path) -> Iterator[Nearfield]:
    """A home in which a user left traces wherever one can."""
    with Nearfield(Path(shutil.copytree(filled, tmp_path / "home"))) as nearfield:
        catalogue = nearfield.stores.catalogue("movies")
        catalogue.put_user(USER, {"work": "shepherd", "occupation": SECRET})
        catalogue.put_user(USER, {"work": SECRET, "city": SECRET})
        for number in range(40):  # pages of the tables split, and hold copies of rows for a while
            catalogue.put_user(f"filler-{number}", {"work": "x" * (20 * number)})
        keys = catalogue.all_item_keys().tolist()
        ids = catalogue.item_ids(catalogue.all_item_keys()[:6])
        catalogue.post_events([{"user": USER, "item": item} for item in ids])
        catalogue.post_events([{"user": OTHER, "item": item} for item in ids])
        nearfield.stores.catalogues.arms("movies").log("e", "a", catalogue.user_key(USER), keys[:3])
        nearfield.train("fusion", **{**TINY, "epochs": 1})
        yield nearfield


def traces(home: Path) -> dict[str, list[Path]]:
    """Return the files of a home that hold the user's id, or what was known of them."""
    found: dict[str, list[Path]] = {}
    for file in home.rglob("*"):
        held = file.read_bytes().replace(OTHER.encode(), b"") if file.is_file() else b""
        for text in (USER, SECRET):
            for encoded in (text.encode(), text.encode("utf-16-le")):
                if encoded in held or text in file.name:
                    found.setdefault(text, []).append(file)
    return found


def test_no_byte_of_an_erased_user_is_left(home: Nearfield) -> None:
    stores = home.stores
    jobs = stores.catalogues.jobs
    one = jobs.add("import", "movies", {"file": str(new_folder(stores, "movies") / "x.csv")})
    jobs.claim(one.id, "w")
    told = {"refusals": [f"x.csv:3: '1,{USER}x'"], "users": [USER, 7], "added": 3}
    jobs.end(one.id, "w", "failed", told, f"catalogue 'movies' has no user '{USER}'.")
    other = jobs.add("note", "movies", {"user": USER, "about": f"of {USER}: {OTHER}"})
    (Path(str(one.options["file"]))).write_text(f"{USER},1,{SECRET}")
    partial = stores.models.of("movies", "fusion") / "training.partial"
    partial.mkdir()
    (partial / "training.json").write_text(USER)
    assert set(traces(stores.home)) == {USER, SECRET}
    before = stores.catalogue("movies").counts()

    done = finish(erase(stores, "movies", USER))

    assert traces(stores.home) == {}
    assert (done.events, done.answers, done.jobs, done.files) == (6, 1, 2, 2)
    assert len(done.models) == 2
    counts = stores.catalogue("movies").counts()
    assert counts == Counts(before.items, before.users - 1, before.events - 6)
    assert jobs.get(one.id).result == {"users": ["(erased)", 7], "added": 3}
    assert jobs.get(other.id).options == {"user": "(erased)", "about": f"of (erased): {OTHER}"}
    with pytest.raises(NotFound, match=USER):
        stores.catalogue("movies").user_key(USER)
    again = finish(erase(stores, "movies", USER))
    assert (again.events, again.jobs, again.files) == (0, 0, 0)
    with pytest.raises(NotFound, match="'nobody'"):
        finish(erase(stores, "movies", "nobody"))
    model = home.train("fusion", **TINY)
    assert model.card["users"] == counts.users
    assert traces(stores.home) == {}


def test_an_erased_user_comes_back_only_when_put(home: Nearfield) -> None:
    import polars as pl

    from nearfield.datasets.read import from_frames

    stores = home.stores
    catalogue = stores.catalogue("movies")
    item = catalogue.item_ids(catalogue.all_item_keys()[:1])[0]
    events = pl.DataFrame({"user": [USER, "new"], "item": [str(item)] * 2, "rating": [3.0, 4.0]})
    finish(erase(stores, "movies", USER))
    with pytest.raises(InvalidInput, match=r"events\[1\]\.user was erased from catalogue 'movies'"):
        catalogue.post_events([{"user": "newer", "item": item}, {"user": USER, "item": item}])
    done = finish(import_read(stores, "movies", from_frames(None, None, events)))
    assert done.changes["events"].added == 1
    assert done.summary()["left_out"] == 2
    assert any("2 rows were left out: they name users who were" in one for one in done.report.notes)
    for user, known in ((USER, False), ("new", True), ("newer", False)):
        assert (user in [one.id for one in catalogue.users_page(user).users]) is known
    catalogue.put_user(USER)
    assert catalogue.post_events([{"user": USER, "item": item}]).added == 1
    done = finish(import_read(stores, "movies", from_frames(None, None, events)))
    assert (done.changes["events"].added, done.summary()["left_out"]) == (1, 0)


def test_numbers_are_taken_out_of_accounts_with_care(tmp_path: Path) -> None:
    with Catalogues(f"sqlite:///{tmp_path}/x.db") as store:
        catalogue = store.create("m")
        catalogue.put_user(7)
        store.jobs.add("note", "m", {"user": 7, "k": 7, "text": "user 7 has 7 of '7' and user 77"})
        assert catalogue.erase_user(7).jobs == 1
        (job,) = store.jobs.list()
        assert job.options == {
            "user": "(erased)",
            "k": 7,
            "text": "user (erased) has 7 of '(erased)' and user 77",
        }


def test_the_command_says_what_is_gone(home: Nearfield) -> None:
    home.close()
    call = ["--home", str(home.stores.home), "erase", "--user", USER]
    done = CliRunner().invoke(app, call)
    assert done.exit_code == 0
    assert "Erased from 'movies': 6 events, 1 answers" in " ".join(done.stderr.split())
    assert traces(home.stores.home) == {}
    assert CliRunner().invoke(app, ["--home", str(home.stores.home), "erase"]).exit_code == 2
