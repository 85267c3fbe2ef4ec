"""Examine one home: what is wrong, and how to mend it. Reads only, but for a trial file."""

import os
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Final

from safetensors import SafetensorError, safe_open
from sqlalchemy import text

from nearfield.catalogue.database import Database
from nearfield.catalogue.schema import HEAD
from nearfield.errors import NearfieldError
from nearfield.pipelines.model_owner import check_owner
from nearfield.pipelines.models import read_model
from nearfield.pipelines.names import OF_SPACE, VERSIONS
from nearfield.pipelines.stores import Stores
from nearfield.training.card import CARD
from nearfield.vectors.spaces import Space

LEAST_FREE: Final = 1_000_000_000
"""Bytes that should be free on the home's disk."""

EXTRAS: Final = {"implicit": "iALS in `nearfield evaluate`", "matplotlib": "plots in reports"}
"""Packages of the extra `evaluate`, and what is missing without them."""


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that was examined.

    Parameters
    ----------
    name : str
        What was examined.
    ok : bool
        Whether it can be worked with.
    found : str
        What was found.
    remedy : str
        How to mend it, or "" where nothing is to be done.
    """

    name: str
    ok: bool
    found: str
    remedy: str = ""


def examine(stores: Stores) -> Iterator[Check]:
    """Yield one check after the other; none of them stops the next."""
    steps: dict[str, Callable[[Stores], Iterator[Check]]] = {
        "home": _home,
        "database": _database,
        "models": _models,
        "Milvus": _milvus,
        "extras": _extras,
    }
    for name, step in steps.items():
        try:
            yield from step(stores)
        except (NearfieldError, OSError) as error:
            yield Check(name, False, str(error))


def _home(stores: Stores) -> Iterator[Check]:
    stores.make()
    trial = stores.home / f".trial-{os.getpid()}"
    try:
        trial.write_text("trial")
        trial.unlink()
    except OSError as error:
        remedy = "Give yourself the right to write there, or name another folder: --home DIR."
        yield Check("home", False, f"{stores.home} cannot be written ({error.strerror})", remedy)
        return
    yield Check("home", True, f"{stores.home} can be written")
    free = shutil.disk_usage(stores.home).free
    enough = free >= LEAST_FREE
    remedy = "" if enough else "Free some space, or move the home to another disk."
    yield Check("disk", enough, f"{free / 1e9:.1f} GB free", remedy)


def _database(stores: Stores) -> Iterator[Check]:
    database = Database(stores.database_url)
    where = database.url.render_as_string(hide_password=True)
    try:
        if database.sqlite and not Path(database.url.database or "").exists():
            yield Check("database", True, f"{where} is not made yet; the first import makes it")
            return
        version = database.version()
        if version not in (None, HEAD):
            remedy = "Any command but doctor brings an older one up to date; a newer one needs a "
            remedy += "newer Nearfield."
            yield Check("database", False, f"{where} is at schema {version}, not {HEAD}", remedy)
            return
        yield Check("database", True, f"{where} answers, schema {version or 'not made yet'}")
        if database.sqlite:
            yield _integrity(database)
    finally:
        database.close()


def _integrity(database: Database) -> Check:
    with database.reading() as conn:
        said = [str(row[0]) for row in conn.execute(text("PRAGMA quick_check"))]
        strays = conn.execute(text("PRAGMA foreign_key_check")).fetchall()
    if said == ["ok"] and not strays:
        return Check("database", True, "every page and every reference in it is whole")
    remedy = "Restore it from a backup, or move it away and import again."
    return Check("database", False, f"{'; '.join(said[:3])}; {len(strays)} lost references", remedy)


def _models(stores: Stores) -> Iterator[Check]:
    folders = sorted(card.parent for card in stores.models.folder.glob(f"*/*/*/{CARD}"))
    broken = 0
    for folder in folders:
        fault = _fault(folder)
        if fault:
            broken += 1
            yield Check("models", False, fault, f"Remove {folder} and train again.")
    if not broken:
        yield Check("models", True, f"{len(folders)} in {stores.models.folder}, all whole")


def _fault(folder: Path) -> str:
    """Return what is wrong with a model, or ""."""
    try:
        read_model(folder)
        for file in folder.glob("*.safetensors"):
            with safe_open(file, framework="np") as tensors:
                tensors.keys()
    except (NearfieldError, SafetensorError, OSError) as error:
        return f"{folder}: {error}"
    return "" if list(folder.glob("*.safetensors")) else f"{folder} has no weights"


def _milvus(stores: Stores) -> Iterator[Check]:
    answering = [one for one in stores.spaces.list() if one.active]
    yield Check("Milvus", True, f"{stores.milvus_uri} answers; {len(answering)} spaces are active")
    for space in answering:
        fault = _space_fault(stores, space)
        found = fault or f"version {space.version} answers with {space.rows:,} vectors"
        remedy = (
            f"Run `nearfield train {space.recommender} --catalogue {space.catalogue}`, then "
            f"`nearfield publish --catalogue {space.catalogue}`."
        )
        name = f"space {space.catalogue}/{space.recommender}"
        yield Check(name, not fault, found, remedy if fault else "")


def _space_fault(stores: Stores, space: Space) -> str:
    """Return why a space cannot answer, or ""."""
    try:
        catalogue = stores.catalogues.get(space.catalogue)
        if space.recommender == VERSIONS:  # no model makes it
            return ""
        recommender = OF_SPACE.get(space.recommender, space.recommender)
        model = stores.models.get(space.catalogue, recommender, space.version)
        check_owner(model, catalogue)
    except NearfieldError as error:
        return str(error)
    return ""


def _extras(stores: Stores) -> Iterator[Check]:
    missing = [f"{name} ({use})" for name, use in EXTRAS.items() if find_spec(name) is None]
    remedy = "For these: pip install 'nearfield[evaluate]'." if missing else ""
    found = f"not installed: {', '.join(missing)}" if missing else "all installed"
    yield Check("extras", True, found, remedy)  # one can work without them
