"""What songs say of themselves, and what it costs to go from one to the next."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mean_model import unit
from nearfield.catalogue.facts import Item
from nearfield.playlists.traits import Traits, read_key, read_traits
from nearfield.playlists.transitions import (
    TransitionConfig,
    key_distance,
    tempo_distance,
    transition_costs,
)

SHARPS = ("C", "G", "D", "A", "E", "B", "F#", "C#", "G#", "D#", "A#", "F")
RELATIVE = ("A", "E", "B", "F#", "C#", "G#", "D#", "A#", "F", "C", "G", "D")

facts = st.fixed_dictionaries(
    {},
    optional={
        "tempo": st.sampled_from(["60", "90.5", "120", "181", "0", "fast", "-3", "nan"]),
        "key": st.sampled_from(["A minor", "C major", "Eb", "F♯m", "H dur", ""]),
        "energy": st.sampled_from(["0", "0.4", "1", "loud"]),
        "artist": st.sampled_from(["Ann", "ann ", "Bob", " "]),
        "album": st.sampled_from(["One", "Two"]),
        "duration": st.sampled_from(["200.5", "inf", "?"]),
    },
)


def traits_of(*attributes: dict[str, str]) -> Traits:
    return read_traits([Item(0, "", "", attributes=one) for one in attributes])


def test_each_key_stands_where_the_circle_of_fifths_has_it() -> None:
    for place, (major, minor) in enumerate(zip(SHARPS, RELATIVE, strict=True)):
        assert read_key(f"{major} major") == read_key(major) == (place, False)
        assert read_key(f"{minor} minor") == read_key(f"{minor}m") == (place, True)
    assert read_key("Bb major") == read_key("B♭") == read_key("a#  MAJ") == (10, False)
    assert read_key("Bm") == (2, True)
    assert read_key("BM") == (5, False)


@pytest.mark.parametrize("text", ["", "?", "H", "A minor 7", "minor", "Ab#"])
def test_what_is_no_key_is_not_known(text: str) -> None:
    assert read_key(text) is None


def test_what_cannot_be_read_is_not_known() -> None:
    found = traits_of({"tempo": "fast", "energy": "", "duration": "-1"}, {}, {"tempo": "0"})
    assert np.isnan(found.tempo).all()
    assert np.isnan(found.energy).all()
    assert np.isnan(found.seconds).all()
    assert found.artist.tolist() == [-1, -1, -1]
    assert len(found) == 3


def test_tempi_fit_at_half_and_double_time() -> None:
    def apart(one: float, other: float) -> float:
        beats = np.log2(np.array([one, other], dtype=np.float32))
        return float(tempo_distance(beats[:1], beats[1:])[0])

    assert apart(120, 120) == 0
    assert apart(120, 60) == apart(60, 120) == pytest.approx(0.1, abs=1e-5)
    assert apart(120, 124) < apart(120, 130) < apart(120, 170)
    assert apart(60, 240) == 1
    assert math.isnan(apart(120, math.nan))


def test_keys_are_as_far_apart_as_djs_say() -> None:
    def apart(one: str, other: str) -> float:
        found = traits_of({"key": one}, {"key": other})
        return float(key_distance(found.fifths[0], found.minor[0], found.fifths, found.minor)[1])

    assert apart("C major", "C major") == 0
    assert apart("C major", "A minor") == apart("C major", "G major") == pytest.approx(1 / 7)
    assert apart("C major", "D minor") == pytest.approx(2 / 7)
    assert apart("C major", "F# major") == pytest.approx(6 / 7)
    assert apart("C major", "D# minor") == pytest.approx(1)


@given(attributes=st.lists(facts, min_size=1, max_size=6), seed=st.integers(0, 99))
def test_a_cost_is_the_sum_of_its_parts_and_the_same_both_ways(
    attributes: list[dict[str, str]], seed: int
) -> None:
    config = TransitionConfig(sound=1, tempo=2, key=3, energy=4, album=5, artist=6)
    traits = traits_of(*attributes)
    rng = np.random.default_rng(seed)
    vectors = unit(rng.normal(size=(len(attributes), 4)).astype(np.float32))
    costs = transition_costs((vectors, traits), (vectors, traits), config)
    np.testing.assert_allclose(costs, costs.T, atol=1e-6)
    for one, mine in enumerate(attributes):
        for other, its in enumerate(attributes):
            expected = (1 - float(vectors[one] @ vectors[other])) / 2
            expected += 2 * known(abs_octaves(traits, one, other))
            expected += 3 * known(keys_apart(traits, one, other))
            expected += 4 * known(abs(float(traits.energy[one]) - float(traits.energy[other])))
            for weight, name in ((5, "album"), (6, "artist")):
                value = mine.get(name, "").strip().casefold()
                expected += weight * (value != "" and value == its.get(name, "").strip().casefold())
            assert costs[one, other] == pytest.approx(expected, abs=1e-5)


def known(part: float) -> float:
    return 0.0 if math.isnan(part) else part


def abs_octaves(traits: Traits, one: int, other: int) -> float:
    return float(tempo_distance(traits.tempo[[one]], traits.tempo[[other]])[0])


def keys_apart(traits: Traits, one: int, other: int) -> float:
    found = traits.at(np.array([one, other]))
    return float(key_distance(found.fifths[0], found.minor[0], found.fifths, found.minor)[1])
