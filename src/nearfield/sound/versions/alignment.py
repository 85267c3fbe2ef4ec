"""The longest stretch that two songs have in common, compiled: a cross recurrence plot and Qmax.

A place (i, j) of the plot tells that the harmony around frame i of one song is among the likest to
that around frame j of the other, seen from both. Qmax is the longest, somewhat curved, somewhat
broken diagonal of it [1]_.

References
----------
.. [1] Serra, Serra, Andrzejak, "Cross recurrence quantification for cover song identification",
   New Journal of Physics 11, 2009. https://doi.org/10.1088/1367-2630/11/9/093017
"""

from typing import Any, Final

import numpy as np

from nearfield.compiled import compiled

__all__ = ["STACK", "align"]

STACK: Final = 7
"""Frames in a row that are compared at once: 3.5 s."""

_SHARE: Final = 0.04
"""Of the places in each row and column of a plot, so many of the likest may be set."""

_LEAST: Final = 64
"""Likeness that a place must have, in 255ths of a cosine."""

_SET, _GAP = np.int16(2), np.int16(-1)  # what a place adds to a diagonal; halves of Serra's
_NONE: Final = np.int16(0)


@compiled
def _likeness(a: Any, b: Any, scale_a: Any, scale_b: Any) -> Any:
    """Return the cosine of each `STACK` frames of a and of b, in 255ths; below 0 as 0.

    The sums along a diagonal are differences of its running sum, so that each place costs the
    product of one frame with another. `b` has shape (12, frames).
    """
    height, width = len(a), b.shape[1]
    running = np.zeros((height + 1, width + 1), np.float32)
    b0, b1, b2, b3, b4, b5 = b[0], b[1], b[2], b[3], b[4], b[5]
    b6, b7, b8, b9, b10, b11 = b[6], b[7], b[8], b[9], b[10], b[11]
    row = np.empty(width, np.float32)
    for i in range(height):  # four notes at a time: more arrays in a loop are not vectorised
        w, x, y, z = a[i, 0], a[i, 1], a[i, 2], a[i, 3]
        for j in range(width):
            row[j] = w * b0[j] + x * b1[j] + y * b2[j] + z * b3[j]
        w, x, y, z = a[i, 4], a[i, 5], a[i, 6], a[i, 7]
        for j in range(width):
            row[j] += w * b4[j] + x * b5[j] + y * b6[j] + z * b7[j]
        w, x, y, z = a[i, 8], a[i, 9], a[i, 10], a[i, 11]
        before, after = running[i], running[i + 1, 1:]
        for j in range(width):
            rest = w * b8[j] + x * b9[j] + y * b10[j] + z * b11[j]
            after[j] = before[j] + (row[j] + rest)
    plot = np.empty((len(scale_a), len(scale_b)), np.uint8)
    for i in range(len(scale_a)):
        factor = scale_a[i] * np.float32(255)
        begin, end, out = running[i], running[i + STACK, STACK:], plot[i]
        for j in range(len(scale_b)):
            value = (end[j] - begin[j]) * scale_b[j] * factor
            out[j] = np.uint8(np.int32(value if value > 0 else np.float32(0)))
    return plot


@compiled
def _thresholds(plot: Any) -> Any:
    """Return what a place must reach in each row and in each column, to be set."""
    height, width = plot.shape
    rows, columns = np.empty(height, np.uint8), np.empty(width, np.uint8)
    counts = np.zeros((width, 256), np.uint16)
    most = max(1, int(_SHARE * width))
    for i in range(height):
        line, count = plot[i], np.zeros(256, np.int32)
        for j in range(width):
            value = line[j]
            if value >= _LEAST:
                count[value] += 1
                counts[j, value] += np.uint16(1)
        rows[i] = _highest(count, most)
    most = max(1, int(_SHARE * height))
    for j in range(width):
        columns[j] = _highest(counts[j], most)
    return rows, columns


@compiled
def _highest(count: Any, most: int) -> int:
    """Return the value that `most` reach, going by how often each occurs; at least `_LEAST`."""
    value, above = 255, int(count[255])
    while above < most and value > _LEAST:
        value -= 1
        above += count[value]
    return value


@compiled
def align(a: Any, b: Any, scale_a: Any, scale_b: Any) -> Any:
    """Find the longest common stretch.

    Parameters
    ----------
    a : float32, shape (frames of a, 12)
        Notes of one song, each without its mean.
    b : float32, shape (12, frames of b)
        Of the other, transposed to the key of the first.
    scale_a, scale_b : float32, shape (frames - STACK + 1,)
        One by the length of each `STACK` frames, as one vector.

    Returns
    -------
    int16, shape (6,)
        Qmax in halves of a frame; the first frame of each song; the last of each, as they are
        stacked; the mean likeness along the stretch, in 255ths.
    """
    plot = _likeness(a, b, scale_a, scale_b)
    rows, columns = _thresholds(plot)
    height, width = plot.shape
    lengths = np.zeros((height + 2, width + 2), np.int16)
    step = np.empty(width, np.int16)
    best, end_a = _NONE, 0
    for i in range(height):
        line, least = plot[i], rows[i]
        for j in range(width):
            step[j] = _SET if (line[j] >= least) & (line[j] >= columns[j]) else _GAP
        near, steep, flat = lengths[i + 1, 1:], lengths[i, 1:], lengths[i + 1]
        out = lengths[i + 2, 2:]
        for j in range(width):
            out[j] = max(np.int16(max(max(near[j], steep[j]), flat[j]) + step[j]), _NONE)
        highest = _NONE
        for j in range(width):  # apart from the loop above, so that both are vectorised
            highest = max(highest, out[j])
        if highest > best:
            best, end_a = highest, i
    end_b = int(np.argmax(lengths[end_a + 2, 2:]))
    return _traced(plot, lengths, end_a, end_b)


@compiled
def _traced(plot: Any, lengths: Any, end_a: int, end_b: int) -> Any:
    """Go back from the end of the longest diagonal to where it began."""
    i, j, total, count = end_a, end_b, 0, 0
    first_a, first_b = i, j
    while i >= 0 and j >= 0 and lengths[i + 2, j + 2] > 0:
        first_a, first_b = i, j
        total += plot[i, j]
        count += 1
        near, steep, flat = lengths[i + 1, j + 1], lengths[i, j + 1], lengths[i + 1, j]
        if near >= steep and near >= flat:
            i, j = i - 1, j - 1
        elif steep >= flat:
            i, j = i - 2, j - 1
        else:
            i, j = i - 1, j - 2
    found = np.empty(6, np.int16)
    found[0], found[1], found[2] = lengths[end_a + 2, end_b + 2], first_a, first_b
    found[3], found[4], found[5] = end_a, end_b, total // max(count, 1)
    return found
