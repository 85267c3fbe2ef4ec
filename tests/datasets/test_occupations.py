"""An occupation may be given as a number or a name of either release."""

import pytest

from nearfield.datasets.occupations import OCCUPATIONS, resolve_occupation
from nearfield.errors import InvalidInput

ML_100K = [
    *("administrator", "artist", "doctor", "educator", "engineer", "entertainment", "executive"),
    *("healthcare", "homemaker", "lawyer", "librarian", "marketing", "none", "other"),
    *("programmer", "retired", "salesman", "scientist", "student", "technician", "writer"),
]


@pytest.mark.parametrize("code", range(21))
def test_every_number_names_an_occupation_of_ml_1m(code: int) -> None:
    assert resolve_occupation(str(code), OCCUPATIONS) == OCCUPATIONS[code]


@pytest.mark.parametrize("name", ML_100K)
def test_every_occupation_of_ml_100k_has_one_in_ml_1m(name: str) -> None:
    assert resolve_occupation(name.upper(), OCCUPATIONS) in OCCUPATIONS
    assert resolve_occupation(name, ML_100K) == name


@pytest.mark.parametrize(
    ("given", "meant"),
    [
        ("4", "student"),
        ("10", "student"),
        ("1", "educator"),
        ("0", "other"),
        ("6", "healthcare"),
        ("7", "executive"),
        ("17", "engineer"),
        ("19", "none"),
        (" Sales/Marketing ", "marketing"),
        ("PROGRAMMER", "programmer"),
    ],
)
def test_numbers_and_names_of_ml_1m_are_found_in_ml_100k(given: str, meant: str) -> None:
    assert resolve_occupation(given, ML_100K) == meant


@pytest.mark.parametrize("given", ["21", "-1", "astronaut", "", "8"])
def test_what_is_not_known_gets_the_choices(given: str) -> None:
    with pytest.raises(InvalidInput, match=r"wanted one of administrator, artist, .* 0 to 20"):
        resolve_occupation(given, ML_100K)
