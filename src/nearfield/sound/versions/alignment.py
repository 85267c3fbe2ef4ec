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

_STEPS: Final = (128, 64, 32, 16, 8, 4, 2, 1)
"""Added to `_LEAST` in turn, they reach each value up to 255."""

_SET, _GAP = np.int16(2), np.int16(-1)  # what a place adds to a diagonal; halves of Serra's
_NONE: Final = np.int16(0)


@compiled
def _likeness(a: Any, b: Any, scale_a: Any, scale_b: Any) -> Any:
    """Return the cosine of each `STACK` frames of a and of b, in 255ths; below 0 as 0.

    The sums along a diagonal are differences of its running sum, so that each place costs the
    product of one frame with another. `b` has shape (12, frames).
    """
    width, kept = b.shape[1], STACK + 1
    running = np.zeros((kept, width + 1), np.float32)  # its last rows, in turn: they stay near
    row = np.empty(width, np.float32)
    plot = np.empty((len(scale_a), len(scale_b)), np.uint8)
    for i in range(len(a)):
        end = running[(i + 1) % kept]
        _add_products(a[i], b, row, running[i % kept], end[1:])
        place = i + 1 - STACK
        if place < 0:
            continue
        factor = scale_a[place] * np.float32(255)
        begin, stacked, out = running[place % kept], end[STACK:], plot[place]
        for j in range(len(scale_b)):
            value = (stacked[j] - begin[j]) * scale_b[j] * factor
            out[j] = np.uint8(np.int32(value if value > 0 else np.float32(0)))
    return plot


@compiled
def _add_products(one: Any, b: Any, row: Any, before: Any, after: Any) -> None:
    """Set `after` to `before` and the product of one frame with each of b; spoil `row`."""
    b0, b1, b2, b3, b4, b5 = b[0], b[1], b[2], b[3], b[4], b[5]
    b6, b7, b8, b9, b10, b11 = b[6], b[7], b[8], b[9], b[10], b[11]
    # eight notes, then four: more arrays in a loop are not vectorised
    s, t, u, v = one[0], one[1], one[2], one[3]
    w, x, y, z = one[4], one[5], one[6], one[7]
    for j in range(len(row)):
        four = s * b0[j] + t * b1[j] + u * b2[j] + v * b3[j]
        row[j] = four + (w * b4[j] + x * b5[j] + y * b6[j] + z * b7[j])
    w, x, y, z = one[8], one[9], one[10], one[11]
    for j in range(len(row)):
        rest = w * b8[j] + x * b9[j] + y * b10[j] + z * b11[j]
        after[j] = before[j] + (row[j] + rest)


@compiled
def _row_thresholds(plot: Any) -> Any:
    """Return what a place must reach in each row, to be set: what `_SHARE` of the row reach.

    It is found bit by bit: counting what reaches a value is vectorised, a histogram is not.
    """
    height, width = plot.shape
    most = max(1, int(_SHARE * width))
    found = np.full(height, _LEAST, np.uint8)
    for i in range(height):
        if _reaching(plot[i], _LEAST + 1) < most:  # four rows of ten, where songs are not alike
            continue
        for step in _STEPS:
            value = found[i] + step
            if value <= 255 and _reaching(plot[i], value) >= most:
                found[i] = value
    return found


@compiled
def _reaching(line: Any, value: int) -> int:
    """Return how many places of a row, of at most 65,535, reach a value."""
    least, count = np.uint8(value), np.uint16(0)
    for j in range(len(line)):  # in 16 bits, so that more of them fit in one step
        count = np.uint16(count + np.uint16(line[j] >= least))
    return int(count)


@compiled
def _column_thresholds(plot: Any) -> Any:
    """Return what a place must reach in each column, to be set: of all columns at once."""
    height, width = plot.shape
    most = max(1, int(_SHARE * height))
    found = np.full(width, _LEAST, np.uint8)
    tried = np.empty(width, np.uint8)
    count = np.empty(width, np.uint16)
    for step in _STEPS:
        for j in range(width):
            tried[j] = min(found[j] + step, 255)
        _count_reaching(plot, tried, count)
        for j in range(width):
            if count[j] >= most:
                found[j] = tried[j]
    return found


@compiled
def _count_reaching(plot: Any, least: Any, count: Any) -> None:
    """Count in each column the places that reach its `least`."""
    height, width = plot.shape
    whole = height // 4 * 4
    count[:] = 0
    for i in range(0, whole, 4):  # four rows at a time: the counts are read and written less
        line0, line1, line2, line3 = plot[i], plot[i + 1], plot[i + 2], plot[i + 3]
        for j in range(width):
            value = least[j]
            two = np.uint8(line0[j] >= value) + np.uint8(line1[j] >= value)
            count[j] += two + np.uint8(line2[j] >= value) + np.uint8(line3[j] >= value)
    for i in range(whole, height):
        line = plot[i]
        for j in range(width):
            count[j] += np.uint8(line[j] >= least[j])


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
    rows, columns = _row_thresholds(plot), _column_thresholds(plot)
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
