"""How the moments of one song lie in another: turned around, and over a third song."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Alignment:
    """Where a song b lies in a song a: ``time_in_a = offset + speed * time_in_b``.

    Parameters
    ----------
    similarity : float
        Over what matches, at most 1.
    offset : float
        Seconds of a at which b begins; negative where b begins before a does.
    overlap : float
        Seconds of a that match.
    speed : float
        How many times faster b plays; greater than 0.
    semitones : float
        How much higher b sounds than a.
    """

    similarity: float
    offset: float = 0.0
    overlap: float = 0.0
    speed: float = 1.0
    semitones: float = 0.0

    def inverted(self) -> "Alignment":
        """Return where a lies in b."""
        return Alignment(
            self.similarity,
            0.0 - self.offset / self.speed,  # never a zero with a sign
            self.overlap / self.speed,
            1 / self.speed,
            0.0 - self.semitones,
        )

    def then(self, other: "Alignment") -> "Alignment":
        """Return where a third song c lies in a, given where it lies in b.

        Similarity and overlap were not measured: they are at most what is returned.
        """
        return Alignment(
            min(self.similarity, other.similarity),
            self.offset + self.speed * other.offset,
            min(self.overlap, self.speed * other.overlap),
            self.speed * other.speed,
            self.semitones + other.semitones,
        )
