"""What is published: ids and vectors, held in memory or read in parts as often as is asked."""

from collections.abc import Callable, Iterable, Iterator
from typing import BinaryIO, Final, Protocol

import numpy as np

from nearfield.errors import InvalidInput
from nearfield.types import Ids, Vectors, no_ids
from nearfield.vectors.embeddings import Embeddings

SAMPLE: Final = 100
"""Rows that a version is tried by."""

_BLOCK: Final = 100_000  # rows in memory already that are lent at once


class Rows(Protocol):
    """Ids and unit vectors of one version; the same at each reading."""

    @property
    def dim(self) -> int:
        """Length of each vector."""
        ...

    def __len__(self) -> int: ...

    def sample(self) -> tuple[Ids, Vectors]:
        """Return `SAMPLE` rows by chance, all where there are fewer; the same at each call."""
        ...

    def parts(self) -> Iterator[tuple[Ids, Vectors]]:
        """Yield every row once."""
        ...


class HeldRows:
    """Rows that lie in memory.

    Parameters
    ----------
    embeddings : Embeddings
        The rows.
    """

    def __init__(self, embeddings: Embeddings) -> None:
        self.embeddings = embeddings

    @property
    def dim(self) -> int:
        """Length of each vector."""
        return int(self.embeddings.vectors.shape[1])

    def __len__(self) -> int:
        return len(self.embeddings.ids)

    def sample(self) -> tuple[Ids, Vectors]:
        """Return some rows by chance."""
        rng = np.random.default_rng(0)
        which = rng.choice(len(self), size=min(SAMPLE, len(self)), replace=False)
        return self.embeddings.ids[which], self.embeddings.vectors[which]

    def parts(self) -> Iterator[tuple[Ids, Vectors]]:
        """Yield every row once; nothing is copied."""
        for start in range(0, len(self), _BLOCK):
            part = slice(start, start + _BLOCK)
            yield self.embeddings.ids[part], self.embeddings.vectors[part]


class StreamedRows:
    """Rows that lie elsewhere, of which one part at a time is in memory.

    They are to be read through once by `read`, which counts them and draws the sample, before they
    are asked for anything else. What is read is checked as `Embeddings` does. Memory: one part, and
    the sample.

    Parameters
    ----------
    dim : int
        Length of each vector.
    open_parts : callable
        Begins to read: returns the rows by rising id.
    kept : file, optional
        Empty; `read` writes the rows to it, and from then on they come from there. Where it is
        not given, `open_parts` must return the same each time.
    """

    def __init__(
        self,
        dim: int,
        open_parts: Callable[[], Iterable[tuple[Ids, Vectors]]],
        kept: BinaryIO | None = None,
    ) -> None:
        self.dim = dim
        self._open_parts = open_parts
        self._kept = kept
        self._sizes: list[int] = []  # of the parts that are kept
        self._rows = 0
        self._sample = no_ids(), np.empty((0, dim), dtype=np.float32)

    def __len__(self) -> int:
        return self._rows

    def read(self) -> Iterator[int]:
        """Read all rows, yielding how many were read.

        Raises
        ------
        InvalidInput
            If they are not as `Embeddings` wants them, or not by rising id.
        """
        rng = np.random.default_rng(0)
        lots = np.empty(0)
        for ids, vectors in self._checked():
            drawn = np.concatenate([lots, rng.random(len(ids))])
            best = np.argsort(drawn)[:SAMPLE]  # each row has the same chance to be among them
            lots = drawn[best]
            self._sample = (
                np.concatenate([self._sample[0], ids])[best],
                np.concatenate([self._sample[1], vectors])[best],
            )
            if self._kept is not None:
                self._kept.write(ids.tobytes() + vectors.tobytes())
                self._sizes.append(len(ids))
            self._rows += len(ids)
            yield self._rows

    def sample(self) -> tuple[Ids, Vectors]:
        """Return some rows by chance."""
        return self._sample

    def parts(self) -> Iterator[tuple[Ids, Vectors]]:
        """Yield every row once."""
        return self._checked() if self._kept is None else self._again(self._kept)

    def _checked(self) -> Iterator[tuple[Ids, Vectors]]:
        last = 0
        for ids, vectors in self._open_parts():
            if not len(ids):
                continue
            part = Embeddings(ids, vectors, {})
            if part.vectors.shape[1] != self.dim:
                raise InvalidInput(
                    f"vectors have {part.vectors.shape[1]} numbers where {self.dim} were told. "
                    f"Take another source."
                )
            if part.ids[0] <= last or (np.diff(part.ids) <= 0).any():
                raise InvalidInput(
                    f"ids do not rise after {last}, and so some may come twice. Take another "
                    f"source."
                )
            last = int(part.ids[-1])
            yield part.ids, part.vectors

    def _again(self, kept: BinaryIO) -> Iterator[tuple[Ids, Vectors]]:
        place, row = 0, 8 + 4 * self.dim
        for size in self._sizes:
            kept.seek(place)
            ids = np.frombuffer(kept.read(8 * size), np.int64)
            vectors = np.frombuffer(kept.read(4 * self.dim * size), np.float32)
            yield ids, vectors.reshape(size, self.dim)
            place += row * size
