"""What people say of themselves is read kindly, and refused with the choices."""

import pytest

from nearfield.errors import InvalidInput
from nearfield.recommend.attributes import read_attributes

KNOWN = {
    "age": ["1", "25"],
    "gender": ["F", "M"],
    "occupation": ["college/grad student", "programmer"],
    "country": ["Côte d'Ivoire", "france", "France"],
}


@pytest.mark.parametrize(
    ("name", "given", "read"),
    [
        ("age", 25, "25"),
        ("age", " 07 ", "7"),
        ("gender", "f", "F"),
        ("gender", "M", "M"),
        ("occupation", 4, "college/grad student"),
        ("occupation", "Programmer", "programmer"),
        ("country", "CÔTE D'IVOIRE", "Côte d'Ivoire"),
        ("country", "france", "france"),
        ("country", "France", "France"),
    ],
)
def test_values_are_read_as_the_catalogue_writes_them(
    name: str, given: str | int, read: str
) -> None:
    assert read_attributes({name: given}, KNOWN) == {name: read}


@pytest.mark.parametrize("age", ["0", "-3", "121", "25.5", "young", "", "٢٥"])
def test_an_age_that_is_no_age_is_refused(age: str) -> None:
    with pytest.raises(InvalidInput, match=r"age is .*years from 1 to 120.*such as 25"):
        read_attributes({"age": age}, KNOWN)


def test_a_value_that_is_not_known_is_refused_with_the_choices() -> None:
    with pytest.raises(InvalidInput, match=r"gender is 'x'.*knows F, M\. Give one"):
        read_attributes({"gender": "x"}, KNOWN)


def test_an_unknown_name_is_refused_with_the_known_names() -> None:
    with pytest.raises(InvalidInput, match=r"'shoe'.*age, country, gender, occupation"):
        read_attributes({"shoe": 43}, KNOWN)


def test_a_catalogue_without_attributes_says_so() -> None:
    with pytest.raises(InvalidInput, match=r"'age' is unknown.*have none at all.*import users"):
        read_attributes({"age": 25}, {})
