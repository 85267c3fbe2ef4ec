"""Compiled loops that look a query's frames up in an index, and compare what surrounds them."""

from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from nearfield.compiled import compiled
from nearfield.sound.matching.bits import count_bits
from nearfield.sound.matching.index_layout import STRIDE, Words
from nearfield.sound.matching.index_sort import key_of

Array = NDArray[Any]

TAIL_ERRORS: Final = 3
"""One in so many bits of a tail may differ: what differs in more is not even compared."""

ALIKE: Final = 18
"""Bits by which a found frame itself may differ."""

AROUND: Final = 8
"""Kept frames around a found one that are compared: four on either side, one and a half seconds."""

CHANCE: Final = 0.45
"""Share of the bits that differ, above which the other frames around are not compared."""

LEAST_AROUND: Final = 3
SLACK: Final = 0.25
"""How much less of the bits may differ where fewer frames are compared: chance varies more."""

CROWD: Final = 256
"""Frames under one key that are looked at. A crowd shares keys that tell little: drones."""


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
    """Return the share of differing bits over the kept frames on either side; 1 for too few.

    Most of what is found is found by chance, and two frames or four show it.
    """
    moved, mask = asked.moved[shift], asked.masks[shift]
    bits = int(count_bits(mask))
    differing, compared = 0, 0
    for step in (2, -2, 4, -4, 3, -3, 1, -1):
        there, here = entry + step, frame + STRIDE * step
        if not (0 <= there < len(held.words) and 0 <= here < len(moved)):
            continue
        if held.words[there] != 0 and moved[here] != 0:
            differing += int(count_bits((held.words[there] ^ moved[here]) & mask))
            compared += 1
            if compared % 2 == 0 and differing > CHANCE * compared * bits:
                return 1.0
    if compared < LEAST_AROUND:
        return 1.0
    few = compared**-0.5 - AROUND**-0.5
    return float(differing / (compared * bits) + SLACK * few)


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
        if count_bits(np.uint64((entry >> (32 - long)) ^ tail)) > wrong:
            continue
        entry &= (1 << (32 - long)) - 1
        if entry >= len(held.words) or count_bits((held.words[entry] ^ word) & mask) > ALIKE:
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
