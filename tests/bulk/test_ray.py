"""The same work on a real Ray cluster: the same results, whatever is ended in the middle."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from music.library import make_library, make_song
from nearfield.catalogue.store import Catalogues
from nearfield.home import Nearfield
from nearfield.training.card import new_version
from real_servers.ray import RayCluster, kill, ray_cluster
from sound.made_sounds import write_sound

pytestmark = pytest.mark.servers

PROGRAM = Path(sys.executable).parent / "nearfield"
TESTS = Path(__file__).parents[1]
SONGS = 9


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("ray")


@pytest.fixture(scope="module")
def music(folder: Path) -> Path:
    """Nine songs, and three files that cannot be used."""
    songs = make_library(folder / "music", songs=SONGS // 3)
    (songs / "zero.mp3").write_bytes(b"")
    (songs / "text.mp3").write_text("no music, but a long letter to a friend. " * 50)
    whole = write_sound(songs / "whole.flac", make_song("Clicks", 9)).read_bytes()
    (songs / "whole.flac").unlink()
    (songs / "cut.flac").write_bytes(whole[: len(whole) // 4])
    return songs


@pytest.fixture(scope="module")
def here(folder: Path, music: Path) -> Path:
    """A home whose songs processes of this machine have listened to."""
    with Nearfield(folder / "here") as home:
        home.music.add(music, separation="none", workers=2)
    return folder / "here"


@pytest.fixture(scope="module")
def cluster(folder: Path, music: Path) -> Iterator[RayCluster]:
    """Two nodes: one sees all files, one neither the songs nor the home."""
    (folder / "there").mkdir()
    os.environ["PYTHONPATH"] = f"{TESTS}:{os.environ.get('PYTHONPATH', '')}"
    with ray_cluster(folder, [music, folder / "there"]) as found:
        yield found


def command(home: Path, *words: object) -> list[str]:
    return [str(PROGRAM), "--home", str(home), *map(str, words)]


def env_of(cluster: RayCluster) -> dict[str, str]:
    # what was begun by a driver that is gone would else be kept for it for half a minute
    return {**os.environ, **cluster.env, "RAY_CLIENT_RECONNECT_GRACE_PERIOD": "0"}


def songs_in(home: Path) -> int:
    """Count the songs that are safe in SQL."""
    database = home / "catalogue.db"
    if not database.exists():
        return 0
    with Catalogues(f"sqlite:///{database}") as catalogues:
        names = catalogues.names()
        return catalogues.get("songs").sounds.counts().songs if names else 0


def once(reached: Callable[[], bool], process: "subprocess.Popen[str]") -> None:
    """Wait until something is reached while a process runs."""
    while not reached():
        assert process.poll() is None, process.communicate()
        time.sleep(0.05)


def known(home: Path) -> dict[str, Any]:
    """Return all that a home knows of its songs, by title, and of files without one."""
    with Nearfield(home) as nearfield:
        catalogue = nearfield.stores.catalogue("songs")
        sounds = catalogue.sounds
        keys = sounds.present()
        version = nearfield.music.status().version
        assert version is not None
        found, vectors = sounds.song_vectors(version, keys)
        assert found.tolist() == keys.tolist()
        space, index = nearfield.stores.spaces.open("songs", "sound")
        assert list(nearfield.stores.spaces.held(space)) == keys.tolist()
        parts = {key: (one.parts, one.starts) for key, one in sounds.parts(version, keys)}
        prints = sounds.fingerprints(keys)
        in_milvus = index.get(keys)
        songs = {
            item.title: (item.attributes, item.genres, prints[key], *parts[key], *both)
            for item, key, *both in zip(
                catalogue.items(keys), keys.tolist(), vectors, in_milvus, strict=True
            )
        }
        failed = [(one.path, one.reason, one.message) for one in nearfield.music.failed()]
        return {"songs": songs, "failed": sorted(failed)}


def kept_features(home: Path) -> dict[str, bytes]:
    """Return what the encoder read of each content."""
    return {one.name: one.read_bytes() for one in (home / "cache").rglob("*.npy")}


def test_songs_are_the_same_although_the_driver_and_a_node_are_killed(
    folder: Path, music: Path, here: Path, cluster: RayCluster
) -> None:
    there = folder / "there"
    how = ("--separation", "none", "--on", cluster.address, "--json")
    add = command(there, "music", "add", music, *how)

    def started() -> "subprocess.Popen[str]":
        env = env_of(cluster)
        return subprocess.Popen(
            add, env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )

    with started() as process:
        once(lambda: songs_in(there) >= 1, process)
        process.send_signal(signal.SIGKILL)
    before = songs_in(there)
    assert 1 <= before < SONGS

    with started() as process:
        once(lambda: songs_in(there) > before, process)
        kill(cluster.nodes[0])
        told, errors = process.communicate()
    assert process.returncode == 0, errors
    added = json.loads(told)
    assert (added["songs"], added["added"]) == (SONGS, SONGS - before)
    np.testing.assert_equal(known(there), known(here))
    assert kept_features(there) == kept_features(here)


def test_a_new_version_embeds_the_same(folder: Path, here: Path, cluster: RayCluster) -> None:
    there = folder / "there"
    version = new_version()
    models = {}
    for home in (here, there):
        with Nearfield(home) as nearfield:
            old = nearfield.stores.models.newest("songs", "sound")
        models[home] = folder / f"{home.name}-model"
        shutil.copytree(old.folder, models[home])
        card = models[home] / "card.json"
        card.write_text(card.read_text().replace(old.version, version))
        # two songs must be listened to again, the others were kept
        for features in sorted((home / "cache").rglob("*.npy"))[:2]:
            features.unlink()
    with Nearfield(here) as nearfield:
        nearfield.publish("songs", models[here])
    publish = command(there, "publish", "--model", models[there], "--on", cluster.address, "--json")
    done = subprocess.run(publish, env=env_of(cluster), capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["version"] == version
    np.testing.assert_equal(known(there), known(here))
    assert kept_features(there) == kept_features(here)


TOY = """
import sys
from pathlib import Path
from bulk.toy_work import CRASHES, KILLS, Square
from nearfield.bulk.places import Place

work = Square(Path(sys.argv[2]))
file = work.folder / "seven.txt"
with Place(sys.argv[1]).runner(work, 9) as runner:
    runner.prepare()
    for job, result in runner.run([1, 2, CRASHES, 3, KILLS, file, 4]):
        print(job, result, flush=True)
"""


def test_what_crashes_takes_its_own_job_along_and_nothing_else(
    folder: Path, cluster: RayCluster
) -> None:
    toys = folder / "there" / "toys"  # which the node that is left does not see
    toys.mkdir()
    (toys / "sign.txt").write_text("-1")
    (toys / "seven.txt").write_text("7")
    program = [sys.executable, "-c", TOY, cluster.address, str(toys)]
    done = subprocess.run(program, env=env_of(cluster), capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    found = dict(line.split(maxsplit=1) for line in done.stdout.splitlines())
    assert found.pop("-1").startswith("crashed: ended the process that read it")
    assert found.pop("-2").startswith("crashed: was lost three times with the machine")
    assert found == {"1": "-1", "2": "-4", "3": "-9", "4": "-16", str(toys / "seven.txt"): "-49"}
