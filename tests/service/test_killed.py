"""Kill the service at random moments: what it acknowledged is there, and nothing twice."""

import shutil
import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest

from music.library import make_song, tag
from nearfield.home import Nearfield
from service_process import served, wait_for
from sound.made_sounds import write_sound

MOVIES = "/api/catalogues/movies"


@pytest.mark.slow
def test_acknowledged_events_survive_kills(filled: Path, tmp_path: Path) -> None:
    home = tmp_path / "home"
    shutil.copytree(filled, home)
    acknowledged: list[tuple[int, int, int]] = []
    lock = threading.Lock()

    def post(address: str, writer: int, first: int, stop: threading.Event) -> None:
        with httpx.Client(base_url=address, timeout=5, trust_env=False) as http:
            number = 0
            while not stop.is_set():
                number += 1
                rows = [
                    {
                        "user": f"w{writer}",
                        "item": 1 + (number + more) % 20,
                        "time": first + 3 * number + more,
                    }
                    for more in range(3)
                ]
                try:
                    answer = http.post(f"{MOVIES}/events", json={"events": rows})
                except httpx.HTTPError:
                    return
                assert answer.status_code == 200, answer.text
                with lock:
                    acknowledged.extend((writer, row["item"], row["time"]) for row in rows)  # type: ignore[misc]

    for first, pause in ((0, 0.4), (1_000_000, 0.9)):
        with served(home, "--no-worker") as one, ThreadPoolExecutor(3) as pool:
            stop = threading.Event()
            writers = [pool.submit(post, one.address, writer, first, stop) for writer in range(3)]
            time.sleep(pause)
            one.kill()
            stop.set()
            for writer in writers:
                writer.result()
    assert acknowledged
    with Nearfield(home) as nearfield:
        catalogue = nearfield.stores.catalogue("movies")
        found: Counter[tuple[int, int, int]] = Counter()
        for number in range(3):
            history = catalogue.history(catalogue.user_key(f"w{number}"))
            items = [int(item) for item in catalogue.item_ids(history.items)]
            pairs = zip(items, history.times.tolist(), strict=True)
            found.update((number, item, moment) for item, moment in pairs)
    assert set(acknowledged) <= set(found)
    assert set(found.values()) == {1}


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
