"""Where the thresholds of duplicates come from: measured on real tracks, and drawn.

Run: `python tools/fit_duplicate_thresholds.py --cache FOLDER [--different FILE] [--plot FILE]`

FOLDER is what `benchmarks/transformed_tracks.py` wrote: tracks in many changed forms. Tracks of
even numbers say where the thresholds should lie, those of odd numbers how good they are. Pairs of
tracks that share sound (an intro, a mix without drums) are told with their level; list those that
truly do in FILE, two numbers a line, and they are no errors.

A level is a similarity over `shape(evidence)`: short and long overlaps on one scale. The limit of
chance is `_SAFETY` times the highest level that two different tracks reach.
"""

import argparse
import json
import sys
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from math import log10
from pathlib import Path
from typing import Final

import numpy as np

from nearfield.sound.band_fingerprint import BandFingerprint, band_fingerprint, pack, unpack
from nearfield.sound.fingerprint import Fingerprint, compress, decompress, fingerprint
from nearfield.sound.matching.chroma_words import chroma_words, compare_chroma
from nearfield.sound.matching.compare import Match, compare
from nearfield.sound.matching.thresholds import (
    CHANCE,
    REVIEW,
    SAME,
    level,
    says_review,
    says_same,
    shape,
)

_SAFETY: Final = 1.6
_SHARING: Final = 0.7
"""Share of the limit of chance: different tracks that reach it are told by name."""
_DRAWN: Final = 700  # points of one colour


@dataclass(frozen=True, slots=True)
class Measured:
    """A match of one form of a track with another track, or with its own."""

    track: int
    row: str
    other: int
    match: Match | None

    @property
    def level(self) -> float:
        """Similarity in units of `shape`: comparable whatever overlaps; 0 where nothing matched."""
        return 0.0 if self.match is None else level(self.match)

    @property
    def same(self) -> bool:
        """Whether the thresholds call it the same sound."""
        return self.match is not None and says_same(self.match)

    @property
    def found(self) -> bool:
        """Whether the thresholds show it to a person at least."""
        return self.match is not None and says_review(self.match)


@dataclass(frozen=True, slots=True)
class Prints:
    """Both fingerprints of a sound."""

    bands: BandFingerprint
    chromaprint: Fingerprint


Tracks = dict[int, dict[str, Prints]]


def compared(a: Prints, b: Prints) -> Match | None:
    """Return what two sounds have in common, by the bands or by Chromaprint: the higher level."""
    found = (
        compare(a.bands, b.bands, chromaprints=(a.chromaprint, b.chromaprint)),
        compare_chroma(chroma_words(a.chromaprint, a.bands), chroma_words(b.chromaprint, b.bands)),
    )
    return max((one for one in found if one is not None), key=level, default=None)


def fingerprints(cache: Path) -> Tracks:
    """Return the fingerprints of each row of each track; they are kept beside the samples."""
    tracks = {}
    for folder in sorted((cache / "pcm").iterdir(), key=lambda path: int(path.name)):
        prints = {file.stem: _fingerprint(file, cache) for file in sorted(folder.glob("*.i16"))}
        if "identity" in prints:
            tracks[int(folder.name)] = prints
    return tracks


def _fingerprint(file: Path, cache: Path) -> Prints:
    kept = cache / "prints" / file.parent.name / file.stem
    bands, chromaprint = kept.with_name(f"{file.stem}.bands"), kept.with_name(f"{file.stem}.chroma")
    if bands.exists() and chromaprint.exists():
        return Prints(unpack(bands.read_bytes()), decompress(chromaprint.read_bytes()))
    samples = np.fromfile(file, dtype="<i2").astype(np.float32) / np.float32(32_768)
    made = Prints(band_fingerprint(samples), fingerprint(samples))
    kept.parent.mkdir(parents=True, exist_ok=True)
    bands.write_bytes(pack(made.bands))
    chromaprint.write_bytes(compress(made.chromaprint))
    return made


def own(tracks: Tracks) -> Iterator[Measured]:
    """Yield the match of each changed form with its track."""
    for number, rows in tracks.items():
        for row, prints in rows.items():
            if row != "identity":
                yield Measured(number, row, number, compared(rows["identity"], prints))


def others(tracks: Tracks) -> Iterator[Measured]:
    """Yield what matches between different tracks; each pair in two forms drawn for it."""
    for number, rows in tracks.items():
        names = sorted(rows)
        for other in tracks:
            if other != number:
                drawn = zlib.crc32(f"{number}-{other}".encode()) % len(names)
                match = compared(tracks[other]["identity"], rows[names[drawn]])
                if match is not None:
                    yield Measured(number, names[drawn], other, match)


def sharing(path: Path | None) -> set[frozenset[int]]:
    """Return the pairs of tracks of which a person says that they share sound."""
    if path is None:
        return set()
    return {frozenset(map(int, line.split()[:2])) for line in path.read_text().splitlines() if line}


def told(measured: list[Measured], names: dict[int, str]) -> None:
    """Print the recall of each row, and the different tracks that come near."""
    mine = [one for one in measured if _is_own(one)]
    for row in sorted({one.row for one in mine}):
        chosen = [one for one in mine if one.row == row]
        levels = np.array([one.level for one in chosen])
        _say(
            f"{row:22s} tracks {len(chosen):3d}  same {np.mean([one.same for one in chosen]):.3f}  "
            f"same or to review {np.mean([one.found for one in chosen]):.3f}  level: least "
            f"{levels.min():.2f}, 5 % {np.quantile(levels, 0.05):.2f}, median "
            f"{np.median(levels):.2f}  share of the copy: least {min(map(_share, chosen)):.2f}"
        )
    for one in sorted((one for one in measured if not _is_own(one)), key=lambda one: -one.level):
        if one.level >= _SHARING * CHANCE * SAME and one.match is not None:
            found = one.match
            _say(
                f"share sound? {one.track} {one.other} ({one.row}) {names[one.track]} | "
                f"{names[one.other]}: level {one.level:.2f}, {found.overlap:.0f} s, shares "
                f"{found.share_a:.2f} {found.share_b:.2f}, speed {found.speed:.3f}"
            )


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")


def _is_own(one: Measured) -> bool:
    return one.track == one.other


def _share(one: Measured) -> float:
    return 0.0 if one.match is None else one.match.share_b


def draw(measured: list[Measured], path: Path) -> None:
    """Write matches of the same and of different tracks, and the thresholds, as an SVG."""
    parts = [
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 640 400" font-family="sans-serif" '
        'font-size="12"><rect width="640" height="400" fill="#fff"/>'
    ]
    for mine, colour in ((False, "#b44"), (True, "#47a")):
        matches = [one.match for one in measured if _is_own(one) is mine and one.match is not None]
        step = max(1, -(-len(matches) // _DRAWN))
        lines = "".join(f"M{_at(p.evidence, p.similarity)}h0" for p in matches[::step])
        parts.append(
            f'<path d="{lines}" stroke="{colour}" stroke-width="3" stroke-linecap="round" '
            'stroke-opacity=".5" fill="none"/>'
        )
    evidence = np.geomspace(2, 400, 60)
    for limit, dash in ((1.0, ""), (REVIEW, ' stroke-dasharray="5 3"')):
        curve = [(float(e), limit * CHANCE * SAME * shape(float(e))) for e in evidence]
        points = " ".join(_at(*point) for point in curve if point[1] <= 1)
        parts.append(f'<polyline points="{points}" fill="none" stroke="#000"{dash}/>')
    ends = f'y1="{_y(SAME):.0f}" y2="{_y(SAME):.0f}" stroke="#000" stroke-dasharray="1 3"'
    parts.append(f'<line x1="70" x2="610" {ends}/>')
    for seconds in (2, 5, 10, 20, 50, 100, 200, 400):
        parts.append(f'<text x="{_x(seconds):.0f}" y="372" text-anchor="middle">{seconds}</text>')
    for tenth in range(0, 11, 2):
        parts.append(f'<text x="42" y="{_y(tenth / 10) + 4:.0f}">{tenth / 10}</text>')
    parts.append(
        '<text x="340" y="392" text-anchor="middle">evidence, seconds of ordinary music</text>'
        '<text transform="translate(28 190) rotate(-90)" text-anchor="middle">similarity</text>'
        '<text x="450" y="140" fill="#47a">copies of a track</text>'
        '<text x="450" y="300" fill="#b44">different tracks</text>'
        '<text x="190" y="12">line: no chance; dashed: to review; dotted: the same</text></svg>\n'
    )
    path.write_text("".join(parts), encoding="utf-8")


def _x(evidence: float) -> float:
    return 70 + 540 * log10(max(evidence, 2) / 2) / log10(200)


def _y(similarity: float) -> float:
    return 350 - 330 * similarity


def _at(evidence: float, similarity: float) -> str:
    return f"{_x(evidence):.0f} {_y(similarity):.0f}"


def main() -> None:
    """Measure, print, and draw where asked."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--cache", type=Path, required=True)
    parser.add_argument("--different", type=Path, help="pairs of tracks that share sound")
    parser.add_argument("--plot", type=Path)
    options = parser.parse_args()
    lines = (options.cache / "tracks.jsonl").read_text().splitlines()
    names = {entry["number"]: Path(entry["path"]).name for entry in map(json.loads, lines)}
    tracks = fingerprints(options.cache)
    known = sharing(options.different)
    for half, kind in enumerate(("development", "test")):
        chosen = {number: rows for number, rows in tracks.items() if number % 2 == half}
        found = [one for one in others(chosen) if frozenset((one.track, one.other)) not in known]
        measured = [*own(chosen), *found]
        _say(f"\n{kind}: {len(chosen)} tracks, {len(chosen) * (len(chosen) - 1):,} other pairs")
        told(measured, names)
        most = max((one.level for one in found), default=0.0)
        least = min(one.level for one in measured if _is_own(one))
        _say(f"different tracks reach {most:.3f}, copies have {least:.3f} at least")
        if half == 0:
            _say(f"{_SAFETY} times that is {_SAFETY * most:.2f}; the limit is {CHANCE * SAME:.2f}")
    if options.plot is not None:
        draw(measured, options.plot)


if __name__ == "__main__":
    main()
