"""Kill the service at random moments: what it acknowledged is there, and nothing twice."""

import shutil
import time
from functools import partial
from pathlib import Path

import pytest

from music.library import make_song, tag
from nearfield.home import Nearfield
from posting import Posting, posting
from service_process import served, wait_for
from sound.made_sounds import write_sound


@pytest.mark.slow
def test_acknowledged_events_survive_kills(filled: Path, tmp_path: Path) -> None:
    home = tmp_path / "home"
    shutil.copytree(filled, home)
    rounds: list[Posting] = []
    for first, pause in ((0, 0.4), (1_000_000, 0.9)):
        with served(home, "--no-worker") as one, posting(one.address, first=first) as posted:
            wait_for(partial(bool, posted.acknowledged), 60)
            time.sleep(pause)
            one.kill()
        rounds.append(posted)
    assert all(posted.acknowledged and not posted.refused for posted in rounds)
    with Nearfield(home) as nearfield:
        catalogue = nearfield.stores.catalogue("movies")
        for posted in rounds:
            lost, twice = posted.check(catalogue)
            assert not lost
            assert not twice


@pytest.mark.slow
def test_an_acknowledged_upload_is_listened_to_after_a_kill(tmp_path: Path) -> None:
    home, files = tmp_path / "home", tmp_path / "files"
    files.mkdir()
    for number in range(3):
        path = files / f"{number}.flac"
        write_sound(path, make_song("Chords", number))
        tag(path, title=f"Song {number}", artist="Ann", album="Chords")
    with Nearfield(home) as nearfield:
        nearfield.music.add(files / "0.flac", workers=1)
    jobs = []
    with served(home) as one:
        for number in (1, 2):
            path = files / f"{number}.flac"
            answer = one.http.post(
                "/api/catalogues/songs/uploads",
                params={"name": path.name},
                content=path.read_bytes(),
            )
            assert answer.status_code == 202, answer.text
            jobs.append(answer.json()["id"])
        one.job(jobs[0], ("running", "done"))
        one.kill()
    with served(home) as one:
        for job in jobs:
            assert one.job(job)["state"] == "done", one.http.get(f"/api/jobs/{job}").text
        listed = one.http.get("/api/catalogues/songs/items").json()["items"]
        assert sorted(song["title"] for song in listed) == ["Song 0", "Song 1", "Song 2"]
        song = next(one["id"] for one in listed if one["title"] == "Song 2")
        similar = f"/api/catalogues/songs/items/{song}/similar"
        found = wait_for(lambda: one.http.get(similar).json().get("items"), 20)
        assert len(found) == 2
