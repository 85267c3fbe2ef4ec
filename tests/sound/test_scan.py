"""Sound files are found in a fixed order, each once; names of any bytes survive as text."""

import os
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nearfield.sound.scan import Found, content_hash, find_sounds, path_of, path_text
from nearfield.sound.unreadable import Unreadable


def grow(folder: Path, *names: str) -> None:
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(name.encode())


def names(folder: Path, *paths: Path) -> list[str]:
    found = list(find_sounds(paths or [folder]))
    return [str(one.path.relative_to(folder)) for one in found]


def test_sounds_below_a_folder_come_in_order(tmp_path: Path) -> None:
    grow(tmp_path, "b/2.MP3", "b/10.ogg", "b.flac", "a/x/1.wav", "a/cover.jpg", "a/1.m4a", "Z.opus")
    expected = ["Z.opus", "b.flac", "a/1.m4a", "a/x/1.wav", "b/10.ogg", "b/2.MP3"]
    assert names(tmp_path) == expected


def test_a_file_says_its_size_and_time(tmp_path: Path) -> None:
    grow(tmp_path, "a.mp3")
    os.utime(tmp_path / "a.mp3", ns=(1, 1_234_567_891_000_000_000))
    (found,) = find_sounds([tmp_path])
    assert found == Found(tmp_path / "a.mp3", 5, 1_234_567_891_000_000_000)


def test_what_is_hidden_is_left_out(tmp_path: Path) -> None:
    grow(tmp_path, ".x/a.mp3", "._b.mp3", "@eaDir/c.mp3", "$RECYCLE.BIN/d.mp3", "e.mp3")
    assert names(tmp_path) == ["e.mp3"]


def test_a_file_that_is_named_is_always_given(tmp_path: Path) -> None:
    grow(tmp_path, ".hidden/a.txt", "b.mp3")
    assert names(tmp_path, tmp_path / ".hidden/a.txt") == [".hidden/a.txt"]
    assert names(tmp_path, tmp_path / ".hidden") == []


def test_nothing_is_given_twice(tmp_path: Path) -> None:
    grow(tmp_path, "a/1.mp3", "a/2.mp3", "3.mp3")
    paths = [tmp_path / "a/2.mp3", tmp_path / "a", tmp_path, tmp_path / "3.mp3"]
    assert names(tmp_path, *paths) == ["a/2.mp3", "a/1.mp3", "3.mp3"]


def test_relative_paths_become_absolute(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    grow(tmp_path, "a/1.mp3")
    monkeypatch.chdir(tmp_path / "a")
    assert [one.path for one in find_sounds([Path("../a/.")])] == [tmp_path / "a/1.mp3"]


def test_links_in_a_circle_come_to_an_end(tmp_path: Path) -> None:
    grow(tmp_path, "a/1.mp3", "b/2.mp3")
    (tmp_path / "a/up").symlink_to(tmp_path)
    (tmp_path / "b/side").symlink_to(tmp_path / "a")
    assert sorted(Path(name).name for name in names(tmp_path)) == ["1.mp3", "2.mp3"]


def test_a_link_to_a_folder_elsewhere_is_followed(tmp_path: Path) -> None:
    grow(tmp_path, "elsewhere/1.mp3", "music/2.mp3")
    (tmp_path / "music/more").symlink_to(tmp_path / "elsewhere")
    assert names(tmp_path, tmp_path / "music") == ["music/2.mp3", "music/more/1.mp3"]


def test_a_link_to_nothing_is_reported(tmp_path: Path) -> None:
    (tmp_path / "a.mp3").symlink_to(tmp_path / "gone.mp3")
    (found,) = find_sounds([tmp_path])
    assert found.error is not None
    assert (found.error.reason, found.path) == ("missing", tmp_path / "a.mp3")
    assert "No such file" in found.error.sentence


def test_a_path_that_is_not_there_is_reported(tmp_path: Path) -> None:
    (found,) = find_sounds([tmp_path / "none"])
    assert found.error is not None
    assert found.error.reason == "missing"


def test_a_pipe_is_left_out_in_a_folder_and_reported_by_name(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.mp3")
    assert names(tmp_path) == []
    (found,) = find_sounds([tmp_path / "pipe.mp3"])
    assert found.error is not None
    assert "pipe or a device" in found.error.sentence


def test_a_folder_named_like_a_file_is_a_folder(tmp_path: Path) -> None:
    grow(tmp_path, "live.mp3/a.mp3")
    assert names(tmp_path) == ["live.mp3/a.mp3"]


def test_deep_folders_are_no_trouble(tmp_path: Path) -> None:
    deep = tmp_path.joinpath(*["d"] * 1_500)
    try:
        current = os.open(tmp_path, os.O_RDONLY)
        for _ in range(1_500):
            os.mkdir("d", dir_fd=current)
            below = os.open("d", os.O_RDONLY, dir_fd=current)
            os.close(current)
            current = below
    finally:
        os.close(current)
    try:
        assert not list(find_sounds([tmp_path]))
        assert len(str(deep)) < os.pathconf("/", "PC_PATH_MAX")
    finally:  # pytest goes down by recursion when it tidies up, and not so deep
        for depth in range(1_500, 0, -1):
            tmp_path.joinpath(*["d"] * depth).rmdir()


def test_a_folder_that_may_not_be_read_is_reported() -> None:
    script = (
        "import os, sys; from pathlib import Path\n"
        "from nearfield.sound.scan import find_sounds\n"
        "os.geteuid() or os.setuid(65534)\n"
        "for one in find_sounds([Path(sys.argv[1])]):\n"
        "    print(one.path.name, one.error and one.error.reason)\n"
    )
    with TemporaryDirectory() as name:  # tmp_path is for its owner alone
        folder = Path(name)
        folder.chmod(0o755)
        grow(folder, "a/1.mp3", "b/2.mp3")
        (folder / "a").chmod(0)
        command = [sys.executable, "-c", script, name]
        done = subprocess.run(command, capture_output=True, text=True, check=True)
        (folder / "a").chmod(0o755)
    assert done.stdout.split() == ["a", "permission", "2.mp3", "None"]


def test_equal_content_has_equal_hashes(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"x" * 3_000_000)
    (tmp_path / "b").write_bytes(b"x" * 3_000_000)
    (tmp_path / "c").write_bytes(b"x" * 2_999_999 + b"y")
    (tmp_path / "d").write_bytes(b"")
    hashes = [content_hash(tmp_path / name) for name in "abcd"]
    assert hashes[0] == hashes[1]
    assert len(set(hashes)) == 3
    assert hashes[3] == "cae66941d9efbd404e4d88758ea67670"  # BLAKE2b-128 of nothing


def test_a_file_that_cannot_be_read_has_no_hash(tmp_path: Path) -> None:
    with pytest.raises(Unreadable, match="No such file") as caught:
        content_hash(tmp_path / "none")
    assert caught.value.reason == "missing"
    with pytest.raises(Unreadable):
        content_hash(tmp_path)


@given(st.binary(min_size=1).filter(lambda name: b"\0" not in name))
def test_any_name_survives_as_text(name: bytes) -> None:
    path = Path(os.fsdecode(b"/" + name))
    text = path_text(path)
    assert path_of(text.encode("utf-8").decode("utf-8")) == path


@given(st.text("\\x5ce9/a\udce9\u00e9", min_size=1))
def test_names_that_look_escaped_survive_too(name: str) -> None:
    path = Path("/" + name)
    assert path_of(path_text(path)) == path


def test_files_with_any_name_are_found(tmp_path: Path) -> None:
    odd = tmp_path / os.fsdecode(b"caf\xe9\\x41.mp3")
    odd.write_bytes(b"x")
    (found,) = find_sounds([tmp_path])
    assert found.path == odd
    text = path_text(found.path)
    assert text.endswith(r"caf\xe9\x5cx41.mp3")
    assert path_of(text).read_bytes() == b"x"
