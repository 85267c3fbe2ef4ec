"""Archives and compressed files are read as folders are, and damage is noticed."""

import bz2
import gzip
import lzma
import tarfile
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from polars.testing import assert_frame_equal

from nearfield.datasets.read import read_folder
from nearfield.errors import InvalidInput

ENDINGS = (".zip", ".tar", ".tar.gz", ".tar.xz", ".tar.bz2", ".tgz")


def pack(folder: Path, ending: str) -> Path:
    target = folder.parent / f"packed{ending}"
    if ending == ".zip":
        with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
            for file in folder.iterdir():
                archive.write(file, f"ml-1m/{file.name}")
            archive.writestr("__MACOSX/ml-1m/._ratings.dat", b"\0")
    else:
        kind = ending.replace(".tgz", ".tar.gz").removeprefix(".tar").removeprefix(".")
        with tarfile.open(target, f"w:{kind}") as archive:  # type: ignore[call-overload]
            archive.add(folder, "ml-1m")
    return target


@pytest.mark.parametrize("ending", ENDINGS)
def test_an_archive_is_read_as_its_folder(ml_1m: Path, ending: str) -> None:
    packed, plain = read_folder(pack(ml_1m, ending)), read_folder(ml_1m)
    assert_frame_equal(packed.tables.events, plain.tables.events)
    assert_frame_equal(packed.tables.items, plain.tables.items)


@pytest.mark.parametrize("ending", ENDINGS)
@pytest.mark.parametrize("kept", [0, 10, 0.5, 0.8])
def test_an_archive_cut_short_is_refused(ml_1m: Path, ending: str, kept: float) -> None:
    path = pack(ml_1m, ending)
    whole = path.read_bytes()
    size = whole.rindex(b"::") if ending == ".tar" else len(whole)  # a tar ends in padding
    path.write_bytes(whole[: int(kept * size if kept < 1 else kept)])
    with pytest.raises(InvalidInput, match=r"is cut short or damaged .*Copy or download it again"):
        read_folder(path)


@pytest.mark.parametrize(
    ("ending", "compress"), [(".gz", gzip.compress), (".xz", lzma.compress), (".bz2", bz2.compress)]
)
def test_single_files_may_be_compressed(
    ml_1m: Path, ending: str, compress: Callable[[bytes], bytes]
) -> None:
    plain = read_folder(ml_1m)
    ratings = ml_1m / "ratings.dat"
    packed = ml_1m / f"ratings.dat{ending}"
    packed.write_bytes(compress(ratings.read_bytes()))
    ratings.unlink()
    result = read_folder(ml_1m)
    assert_frame_equal(result.tables.events, plain.tables.events)
    assert result.report.count("ratings.dat").accepted == 100

    packed.write_bytes(packed.read_bytes()[:-30])
    with pytest.raises(InvalidInput, match=rf"ratings.dat{ending} is cut short or damaged"):
        read_folder(ml_1m)
    packed.write_bytes(b"no such format")
    with pytest.raises(InvalidInput, match=rf"ratings.dat{ending} (is cut short|cannot be read)"):
        read_folder(ml_1m)


def test_a_damaged_member_is_noticed(ml_1m: Path) -> None:
    path = pack(ml_1m, ".zip")
    data = bytearray(path.read_bytes())
    with zipfile.ZipFile(path) as archive:
        start = archive.getinfo("ml-1m/ratings.dat").header_offset
    data[start + 100] ^= 0xFF
    path.write_bytes(data)
    with pytest.raises(InvalidInput, match=r"ml-1m/ratings.dat in .*packed.zip is cut short or"):
        read_folder(path)


def test_an_encrypted_archive_is_named(ml_1m: Path) -> None:
    path = pack(ml_1m, ".zip")
    data = bytearray(path.read_bytes())
    for mark, flags in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        place = data.find(mark)
        while place >= 0:
            data[place + flags] |= 1
            place = data.find(mark, place + 1)
    path.write_bytes(data)
    with pytest.raises(InvalidInput, match=r"is encrypted: unpack the archive first"):
        read_folder(path)
