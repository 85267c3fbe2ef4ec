"""The compiled loops of the index: sort frames under keys, look frames up, follow what was found.

All of them in one file: the machine code that numba keeps is renewed when the file changes.
"""

from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from nearfield.graph.compiled import compiled
from nearfield.sound.matching.index_layout import STRIDE, Words

Array = NDArray[Any]

AROUND: Final = 4
"""Kept frames on either side of a found one that are compared: one and a half seconds."""

LEAST_AROUND: Final = 3
SLACK: Final = 0.25
"""How much less of the bits may differ where fewer frames are compared: chance varies more."""

ALIKE: Final = 16
"""Bits by which a found frame itself may differ."""

PACES: Final = 5
"""Paces that are tried: so many percent more and less than 1."""

REACH: Final = 32
"""Kept frames on either side of a found one by which a way is judged: twelve seconds."""

TRIES: Final = 8
"""Ways of one song that are followed."""

WIDE, DRIFT = 3.0, 0.006
"""Frames by which a found frame may be off a way, and how much more for each frame between."""

SPREAD: Final = 40.0
"""Standard deviation of the frames, below which a pace is not fitted."""

TAIL_ERRORS: Final = 4
"""One in so many bits of a tail may differ: what differs in more is not even compared."""

CROWD: Final = 256
"""Frames under one key that are looked at. A crowd shares keys that tell little: drones."""


@compiled
def ones(word: np.uint64) -> int:
    """Return how many bits are set."""
    word = word - ((word >> np.uint64(1)) & np.uint64(0x5555555555555555))
    word = (word & np.uint64(0x3333333333333333)) + (
        (word >> np.uint64(2)) & np.uint64(0x3333333333333333)
    )
    word = (word + (word >> np.uint64(4))) & np.uint64(0x0F0F0F0F0F0F0F0F)
    return int((word * np.uint64(0x0101010101010101)) >> np.uint64(56))


@compiled
def key_of(word: np.uint64, places: Array) -> int:
    """Return the bits at places, the first of them highest."""
    key = 0
    for place in places:
        key = (key << 1) | int((word >> np.uint64(place)) & np.uint64(1))
    return key


@compiled
def count_keys(words: Words, places: Array, counts: Array) -> None:
    """Add to ``counts[key]``, shape (2 ** bits,), each frame that is not silent."""
    for word in words:
        if word != 0:
            counts[key_of(word, places)] += 1


@compiled
def place_frames(
    words: Words, places: Array, bits: int, ends: Array, out: Array, span: Array
) -> None:
    """Write an entry for each frame to the place that is free for its key.

    Parameters
    ----------
    words : uint64, shape (frames,)
        Part of all.
    places : int64, shape (bits + tail,)
        Of one table: those of the key, and those of the tail.
    bits : int
        How many of them make the key.
    ends : uint32, shape (2 ** bits,)
        Where the next frame of each key goes; moved on.
    out : uint32, shape (entries,)
        Entries `span[1]` and after of the whole table: number of the frame, and its tail in the
        highest bits.
    span : int64, shape (4,)
        The number of the first of `words`, that of the first of `out`, and the keys wanted: from,
        and up to.
    """
    tail = len(places) - bits
    for row in range(len(words)):
        if words[row] != 0:
            key = key_of(words[row], places[:bits])
            if span[2] <= key < span[3]:
                rest = key_of(words[row], places[bits:])
                out[int(ends[key]) - span[1]] = (rest << (32 - tail)) | (span[0] + row)
                ends[key] += 1


class Held(NamedTuple):
    """One segment of an index, as the loops read it."""

    words: Words
    """Shape (frames,), the kept frames of all songs one after another."""
    starts: Array
    """int64, shape (songs + 1,): where each song's frames start, and where all end."""
    offsets: Array
    """uint32, shape (TABLES, 2 ** bits + 1): where the entries of each key start."""
    entries: Array
    """uint32, shape (TABLES, entries): numbers of frames, sorted by their keys; above them, in the
    highest bits, tails: more bits of the frames' words."""


class Asked(NamedTuple):
    """What is looked up."""

    moved: Array
    """uint64, shape (shifts, frames): the query's words moved by each number of places."""
    masks: Array
    """uint64, shape (shifts,): the places known after moving."""
    frames: Array
    """int64, shape (any,): the frames that are looked up."""
    places: Array
    """int64, shape (TABLES, bits + tail): of the keys and of the tails."""
    bits: int
    """How many of them make a key."""
    flips: int
    """How many bits of a key are turned over, one at a time, to look for near keys."""


class Near(NamedTuple):
    """Frames of the index whose surroundings are like those of a frame of the query."""

    left: Array
    """int64, shape (songs,): how many more are taken of each song; 0 for those not wanted."""

    frame: Array
    """int64, shape (room,): frame of the query."""
    entry: Array
    """int64, shape (room,): number of the index's frame."""
    shift: Array
    """int64, shape (room,): row of `moved`."""
    errors: Array
    """float32, shape (room,): share of the bits that differ, in [0, 1]."""


@compiled
def surroundings(held: Held, asked: Asked, shift: int, frame: int, entry: int) -> float:
    """Return the share of differing bits over the kept frames on either side; 1 for too few."""
    moved, mask = asked.moved[shift], asked.masks[shift]
    differing, compared = 0, 0
    for step in range(-AROUND, AROUND + 1):
        there, here = entry + step, frame + STRIDE * step
        if step == 0 or not (0 <= there < len(held.words) and 0 <= here < len(moved)):
            continue
        if held.words[there] != 0 and moved[here] != 0:
            differing += ones((held.words[there] ^ moved[here]) & mask)
            compared += 1
    if compared < LEAST_AROUND:
        return 1.0
    bits = compared * ones(mask)
    return float(differing / bits + SLACK * (compared**-0.5 - (2 * AROUND) ** -0.5))


@compiled
def mean_of(values: Array) -> float:
    """Return the mean; numpy's own takes a second to compile."""
    total = 0.0
    for value in values:
        total += value
    return total / len(values)


@compiled
def song_of(starts: Array, frame: int) -> int:
    """Return the row of the song that a frame is of: the last that starts at it or before."""
    low, high = 0, len(starts) - 1
    while high - low > 1:
        middle = (low + high) // 2
        if starts[middle] <= frame:
            low = middle
        else:
            high = middle
    return low


@compiled
def keep_better(near: Near, count: int) -> int:
    """Drop what was found and is worse than the mean of it; return how many are left."""
    middle, kept = mean_of(near.errors), 0
    for row in range(count):
        if near.errors[row] < middle:
            near.frame[kept], near.entry[kept] = near.frame[row], near.entry[row]
            near.shift[kept], near.errors[kept] = near.shift[row], near.errors[row]
            kept += 1
    return kept


@compiled
def bucket(held: Held, table: int, key: int, turn: int) -> tuple[int, int]:
    """Return where the entries of a key start and end; of a crowd a part, by `turn` another one."""
    low, high = int(held.offsets[table, key]), int(held.offsets[table, key + 1])
    if high - low > CROWD:
        low += (turn * 7919) % (high - low - CROWD + 1)
        high = low + CROWD
    return low, min(high, held.entries.shape[1])


@compiled
def take(held: Held, near: Near, state: Array, row: tuple[int, int, int, float]) -> None:
    """Add a row to `near` if its song may have one more; where none is free, make room."""
    song = song_of(held.starts, row[1])
    if near.left[song] == 0:
        return
    near.left[song] -= 1
    count = int(state[0])
    if count == len(near.frame):
        state[1] = min(state[1], mean_of(near.errors))
        count = keep_better(near, count)
    near.frame[count], near.entry[count], near.shift[count], near.errors[count] = row
    state[0] = count + 1


@compiled
def look_under(
    held: Held, asked: Asked, at: tuple[int, int, int, int, int], near: Near, state: Array
) -> None:
    """Compare a frame of the query with those under one key.

    `at` is the table, the key, the tail, the row of `moved` and the frame; `state`, float64, shape
    (2,), the rows of `near` in use and the share of differing bits allowed, which falls when room
    is short.
    """
    table, key, tail, shift, frame = at
    word, mask = asked.moved[shift, frame], asked.masks[shift]
    long = asked.places.shape[1] - asked.bits
    wrong = long // TAIL_ERRORS
    low, high = bucket(held, table, key, frame)
    for place in range(low, high):
        entry = int(held.entries[table, place])
        if ones(np.uint64((entry >> (32 - long)) ^ tail)) > wrong:
            continue
        entry &= (1 << (32 - long)) - 1
        if entry >= len(held.words) or ones((held.words[entry] ^ word) & mask) > ALIKE:
            continue
        errors = surroundings(held, asked, shift, frame, entry)
        if errors <= state[1]:
            take(held, near, state, (frame, entry, shift, errors))


@compiled
def look_up(held: Held, asked: Asked, near: Near, limit: float) -> int:
    """Find frames of the index that share a key with the query's, and whose surroundings agree.

    Returns how many rows of `near` are filled. Where there is no room the better ones are kept.
    """
    state = np.array([0.0, limit])
    bits = asked.bits
    for frame in asked.frames:
        for shift in range(len(asked.masks)):
            word = asked.moved[shift, frame]
            if word == 0:
                continue
            for table in range(len(asked.places)):
                key = key_of(word, asked.places[table, :bits])
                tail = key_of(word, asked.places[table, bits:])
                look_under(held, asked, (table, key, tail, shift, frame), near, state)
                for flip in range(asked.flips):
                    turned = key ^ (1 << flip)
                    look_under(held, asked, (table, turned, tail, shift, frame), near, state)
    return int(state[0])


@compiled
def differing(
    held: Held, asked: Asked, at: tuple[int, int, int], line: tuple[float, float], span: Array
) -> float:
    """Return the share of differing bits near a found frame, where a line ties the two together.

    `at` is the row of `moved`, the number of the index's frame, and the song's first one; `line`
    the offset and the pace; `span`, int64, shape (2,), the song's frames compared, from and up to.
    """
    shift, _, first = at
    moved, mask = asked.moved[shift], asked.masks[shift]
    wrong, compared = 0, 0
    for there in range(span[0], span[1]):
        here = int(np.floor((STRIDE * (there - first) - line[0]) / line[1] + 0.5))
        if 0 <= here < len(moved) and moved[here] != 0 and held.words[there] != 0:
            wrong += ones((held.words[there] ^ moved[here]) & mask)
            compared += 1
    if compared < LEAST_AROUND:
        return 1.0
    return wrong / (compared * ones(mask))


@compiled
def agreement(
    held: Held, asked: Asked, at: tuple[int, int, int], line: tuple[float, float], span: Array
) -> float:
    """Return how far two stretches agree beyond what the share of ones at each place explains.

    Cohen's kappa of the bits, times the root of the frames compared: what chance gives is about
    as large for short stretches as for long ones.
    """
    shift, _, first = at
    moved, mask = asked.moved[shift], asked.masks[shift]
    set_here, set_there = np.zeros(64), np.zeros(64)
    wrong, compared = 0.0, 0
    for there in range(span[0], span[1]):
        here = int(np.floor((STRIDE * (there - first) - line[0]) / line[1] + 0.5))
        if 0 <= here < len(moved) and moved[here] != 0 and held.words[there] != 0:
            wrong += ones((held.words[there] ^ moved[here]) & mask)
            compared += 1
            for place in range(64):
                set_here[place] += (moved[here] >> np.uint64(place)) & np.uint64(1)
                set_there[place] += (held.words[there] >> np.uint64(place)) & np.uint64(1)
    if compared < LEAST_AROUND:
        return 0.0
    expected = 0.0
    for place in range(64):
        if (mask >> np.uint64(place)) & np.uint64(1):
            ours, theirs = set_here[place] / compared, set_there[place] / compared
            expected += ours * (1 - theirs) + theirs * (1 - ours)
    return float((1 - wrong / max(expected * compared, 1.0)) * compared**0.5)


@compiled
def straighten(
    held: Held, asked: Asked, at: tuple[int, int, int], frame: int, span: Array
) -> tuple[float, float]:
    """Return the offset and pace at which the surroundings of a found frame agree best."""
    best, found = 2.0, (0.0, 1.0)
    position = STRIDE * (at[1] - at[2])
    for percent in range(-PACES, PACES + 1):
        pace = 1 + percent / 100
        for slip in range(-1, 2):
            line = (position - pace * (frame + slip), pace)
            # A pace of 1 wins where others are no better.
            wrong = differing(held, asked, at, line, span) + 1e-4 * abs(percent)
            if wrong < best:
                best, found = wrong, line
    return found


@compiled
def off_line(way: Array, near: Near, row: int, first: int) -> bool:
    """Tell whether a found frame disagrees with a way: offset, pace, row of `moved`, and frame."""
    frame = near.frame[row]
    position = STRIDE * (near.entry[row] - first)
    off = abs(position - way[0] - way[1] * frame)
    return bool(near.shift[row] != way[2] or off > WIDE + DRIFT * abs(frame - way[3]))


@compiled
def fit(way: Array, near: Near, rows: tuple[int, int], first: int) -> int:
    """Lay a way through all found frames that agree with it, by least squares; count them.

    Found frames are at whole frames, and each was followed to one percent of pace: many of them,
    far from each other, tell both more finely.
    """
    count, sums = 0, np.zeros(4)
    for row in range(rows[0], rows[1]):
        if not off_line(way, near, row, first):
            here = near.frame[row] - way[3]
            off = STRIDE * (near.entry[row] - first) - way[0] - way[1] * near.frame[row]
            count += 1
            sums += np.array([here, off, here * here, here * off])
    if count > 2:
        sums /= count
        spread = sums[2] - sums[0] * sums[0]
        if spread > SPREAD * SPREAD:
            slope = (sums[3] - sums[0] * sums[1]) / spread
            level = sums[1] - slope * sums[0]
            way[1] += slope
            way[0] += level - slope * way[3]
    return count


@compiled
def follow(held: Held, asked: Asked, near: Near, songs: Array, ways: Array) -> int:
    """Follow what was found of each song to both sides: how well it lies under the query.

    Parameters
    ----------
    near : Near
        Sorted by song, the best of each song first.
    songs : int64, shape (songs, 3)
        Of each song its row, and its rows of `near`: from, and up to.
    ways : float64, shape (TRIES * songs, 7)
        Filled: offset, pace, row of `moved`, frame of the query, row of the song, score, votes.

    Returns
    -------
    int
        Rows of `ways` filled.
    """
    count = 0
    for song, low, high in songs:
        first, begin = held.starts[song], count
        for row in range(low, high):
            new = count - begin < TRIES
            for way in range(begin, count):
                new = new and off_line(ways[way], near, row, first)
            if not new:
                continue
            at = (near.shift[row], near.entry[row], first)
            span = np.array([max(first, at[1] - REACH), min(held.starts[song + 1], at[1] + REACH)])
            line = straighten(held, asked, at, near.frame[row], span)
            score = agreement(held, asked, at, line, span)
            ways[count, :3] = np.array([line[0], line[1], float(at[0])])
            ways[count, 3:6] = np.array([float(near.frame[row]), float(song), score])
            ways[count, 6] = fit(ways[count], near, (low, high), first)
            count += 1
    return count
