"""Read conditions on items, as people write them: ``genre = 'Drama' and year >= 1990``.

The tree that comes out is of `condition.py`; `where_sql.py` turns it into SQL.
"""

import re
from collections.abc import Callable
from typing import Final, NamedTuple, NoReturn, cast, get_args

from nearfield.catalogue.condition import (
    AllOf,
    AnyOf,
    Compare,
    Condition,
    IsNull,
    Like,
    Not,
    OneOf,
    Operator,
    Test,
    Value,
    problem,
)
from nearfield.errors import InvalidInput

_LONGEST: Final = 100_000  # characters
_MOST_TESTS: Final = 200  # SQLite limits the depth of an expression to 1,000
_DEEPEST: Final = 50


def parse_where(text: str) -> Condition:
    """Read a condition.

    Parameters
    ----------
    text : str
        Tests joined by `and`, `or`, `not` and parentheses. A test is a field, then `=`, `!=`,
        `<`, `<=`, `>`, `>=` and a value; `[not] in (value, ...)`; `[not] like 'Star%'`; or
        `is [not] null`. Fields are `genre` (true where the item has it), `year`, `title`, `item`
        (its id) and attributes by name, in double quotes where a name is more than letters,
        digits and `_`. Values are numbers, or text in single quotes, a quote in it doubled.

    Raises
    ------
    InvalidInput
        If the text cannot be read; the message points at the place and says what was expected.

    Examples
    --------
    >>> parse_where("genre = 'Drama' and year >= 1990").parts[1]
    Compare(field='year', operator='>=', value=1990)
    """
    return _Parser(text).parse()


class _Token(NamedTuple):
    kind: str  # one of the groups of _TOKEN, or "end"
    text: str
    at: int

    @property
    def word(self) -> str:
        return self.text.lower() if self.kind == "name" else ""


_TOKEN: Final = re.compile(
    r"""(?P<number>-?[0-9]+(?:\.[0-9]+)?(?![\w.]))
      | (?P<string>'(?:[^']|'')*')
      | (?P<quoted>"[^"]+")
      | (?P<name>[^\W\d]\w*)
      | (?P<sign><=|>=|!=|<>|[=<>(),])""",
    re.VERBOSE,
)
_WORDS: Final = frozenset({"and", "or", "not", "in", "like", "is", "null"})


def _line(text: str) -> str:
    """Show white space as blanks, so that the mark below stays in its place."""
    return "".join(" " if sign.isspace() else sign for sign in text)


class _Parser:
    """Recursive descent: or-terms of and-terms of (not) tests."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.place = 0
        self.tests = 0
        if len(text) > _LONGEST:
            raise InvalidInput(f"the condition has {len(text)} characters; {_LONGEST} are allowed.")
        if any("\ud800" <= sign <= "\udfff" for sign in text):
            raise InvalidInput(f"the condition {text[:80]!r} is not proper UTF-8.")
        self.tokens = self._split()

    def _split(self) -> list[_Token]:
        tokens, at = [], 0
        while at < len(self.text):
            if self.text[at].isspace():
                at += 1
                continue
            found = _TOKEN.match(self.text, at)
            if found is None:
                missing = {"'": "a closing '", '"': 'a name and a closing "'}
                self._fail(missing.get(self.text[at], "a field, a value or a sign"), at)
            tokens.append(_Token(str(found.lastgroup), found.group(), at))
            at = found.end()
        return [*tokens, _Token("end", "", len(self.text))]

    def parse(self) -> Condition:
        condition = self._any(0)
        if self._next.kind != "end":
            self._fail("'and', 'or' or the end")
        return condition

    @property
    def _next(self) -> _Token:
        return self.tokens[self.place]

    def _take(self) -> _Token:
        token = self._next
        self.place += 1
        return token

    def _accept(self, text: str) -> bool:
        if text in (self._next.word, self._next.text if self._next.kind == "sign" else ""):
            self.place += 1
            return True
        return False

    def _fail(self, expected: str, at: int | None = None) -> NoReturn:
        at = self._next.at if at is None else at
        found = f"{self.text[at : at + 20]!r}" if at < len(self.text) else "the end"
        start = max(0, at - 60)
        raise InvalidInput(
            f"cannot read the condition at character {at + 1}: expected {expected}, "
            f"found {found}.\n  {_line(self.text[start : at + 40])}\n  {' ' * (at - start)}^"
        )

    def _joined(self, word: str, part: Callable[[int], Condition], depth: int) -> list[Condition]:
        parts = [part(depth)]
        while self._accept(word):
            parts.append(part(depth))
        return parts

    def _any(self, depth: int) -> Condition:
        parts = self._joined("or", self._all, depth)
        return parts[0] if len(parts) == 1 else AnyOf(tuple(parts))

    def _all(self, depth: int) -> Condition:
        parts = self._joined("and", self._one, depth)
        return parts[0] if len(parts) == 1 else AllOf(tuple(parts))

    def _one(self, depth: int) -> Condition:
        if depth > _DEEPEST:
            self._fail(f"at most {_DEEPEST} levels of 'not' and parentheses")
        if self._accept("not"):
            return Not(self._one(depth + 1))
        if self._accept("("):
            condition = self._any(depth + 1)
            if not self._accept(")"):
                self._fail("'and', 'or' or ')'")
            return condition
        return self._test()

    def _test(self) -> Condition:
        at = self._next.at
        self.tests += 1
        if self.tests > _MOST_TESTS:
            self._fail(f"at most {_MOST_TESTS} tests (a list goes into one: genre in ('a', 'b'))")
        field = self._field()
        if self._accept("is"):
            return self._is_null(field)
        negated = self._accept("not")
        test = self._comparison(field, negated)
        if wrong := problem(test):
            raise InvalidInput(
                f"cannot use the condition at character {at + 1}: {wrong}.\n"
                f"  {_line(self.text[at : at + 60])}\n  ^"
            )
        return Not(test) if negated else test

    def _field(self) -> str:
        if self._next.kind == "quoted":
            return self._take().text[1:-1]
        if self._next.kind != "name" or self._next.word in _WORDS:
            self._fail("a field (genre, year, title, item or an attribute)")
        return self._take().text

    def _is_null(self, field: str) -> Condition:
        negated = self._accept("not")
        if not self._accept("null"):
            self._fail("'null'" if negated else "'null' or 'not null'")
        return Not(IsNull(field)) if negated else IsNull(field)

    def _comparison(self, field: str, negated: bool) -> Test:
        if self._accept("in"):
            return OneOf(field, self._list())
        if self._accept("like"):
            if self._next.kind != "string":
                self._fail("a pattern in single quotes, such as 'Star%'")
            return Like(field, cast(str, self._value()))
        sign = {"<>": "!="}.get(self._next.text, self._next.text)
        if negated or self._next.kind != "sign" or sign not in get_args(Operator):
            self._fail("'in' or 'like'" if negated else "=, !=, <, <=, >, >=, in, like or is")
        self._take()
        return Compare(field, cast(Operator, sign), self._value())

    def _list(self) -> tuple[Value, ...]:
        if not self._accept("("):
            self._fail("'(' and a list of values")
        values = [self._value()]
        while self._accept(","):
            values.append(self._value())
        if not self._accept(")"):
            self._fail("',' or ')'")
        return tuple(values)

    def _value(self) -> Value:
        if self._next.kind == "string":
            return self._take().text[1:-1].replace("''", "'")
        if self._next.kind != "number":
            self._fail("a number, or text in single quotes")
        token = self._take()
        if len(token.text) > 18:
            self._fail("a number of at most 18 characters", token.at)
        return float(token.text) if "." in token.text else int(token.text)
