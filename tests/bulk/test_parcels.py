"""Files that the machine which works may not see."""

import os
from pathlib import Path

import pytest

from nearfield.bulk import parcels
from nearfield.bulk.parcels import Seen, Unseen, at_hand, below, files_below, unpack
from nearfield.bulk.work import UNSEEN


def seen(path: Path) -> Seen:
    found = Seen.of(path)
    assert found is not None
    return found


def nothing(path: Path) -> str:
    raise AssertionError(f"{path} need not be fetched")


def test_what_is_here_is_read_where_it_lies(tmp_path: Path) -> None:
    file = tmp_path / "a.ogg"
    file.write_bytes(b"sound")
    with at_hand([seen(file)], nothing) as places:
        assert places == {}
    assert unpack(files_below([tmp_path]), nothing) is None


@pytest.mark.parametrize("change", ["gone", "longer", "older"])
def test_what_is_not_the_same_here_is_fetched(tmp_path: Path, change: str) -> None:
    file = tmp_path / "a.ogg"
    file.write_bytes(b"sound")
    wanted = seen(file)
    if change == "gone":
        file.unlink()
    elif change == "longer":
        file.write_bytes(b"something else")
        os.utime(file, (wanted.second, wanted.second))
    else:
        os.utime(file, (wanted.second - 10, wanted.second - 10))
    with at_hand([wanted], lambda path: path.name.encode()) as places:
        assert places[file].read_bytes() == b"a.ogg"
        assert places[file].suffix == ".ogg"
        copy = places[file]
    assert not copy.exists()


def test_what_cannot_be_had_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "a.ogg"
    file.write_bytes(b"sound")
    wanted = seen(file)
    file.unlink()
    with (
        pytest.raises(Unseen, match="is on fire") as caught,
        at_hand([wanted], lambda _: "is on fire"),
    ):
        pass
    assert caught.value.fault.reason == UNSEEN
    monkeypatch.setattr(parcels, "MOST_SENT", 4)
    with (
        pytest.raises(Unseen, match=r"5 bytes are too many .* all machines share"),
        at_hand([wanted], nothing),
    ):
        pass


def test_folders_are_fetched_once_for_a_machine(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    model = tmp_path / "home" / "model"
    (model / "parts").mkdir(parents=True)
    (model / "card.json").write_text("{}")
    (model / "parts" / "one").write_text("1")
    files = files_below([model])
    assert [one.path.name for one in files] == ["card.json", "one"]
    contents = {one.path: one.path.read_bytes() for one in files}
    (model / "card.json").unlink()
    root = unpack(files, lambda path: contents[path])
    assert root is not None
    assert below(root, model / "card.json").read_text() == "{}"
    assert below(root, model / "parts" / "one").read_text() == "1"
    assert unpack(files, lambda path: contents[path]) == root
    assert len(list(root.parent.iterdir())) == 1
