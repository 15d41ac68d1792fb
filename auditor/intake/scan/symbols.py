"""What stands for an object that a pickle would make: nothing is imported or called, things are only written down."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

Value = Any  # a literal, a tuple or list of values, or one of the symbols below

LONGEST_LITERAL = 80  # characters of a text or bytes that are printed
DEEPEST = 8


@dataclass(frozen=True)
class Global:
    """What the pickle would import: `name` of `module`; a dotted name goes through attributes."""

    module: str
    name: str

    def __str__(self) -> str:
        return f"{self.module}.{self.name}"


@dataclass(eq=False)
class Call:
    """What the pickle would call. `maker` is True for `cls.__new__(cls, ...)`, which skips `__init__`."""

    function: Value
    arguments: Value
    maker: bool = False
    states: list[Value] = field(default_factory=list)

    @property
    def made(self) -> Global | None:
        """The class of the object, where that can be said; protocol 0 to 2 make objects by way of copyreg."""
        function = self.function
        if isinstance(function, Global) and function.module == "copyreg" and isinstance(self.arguments, tuple) and self.arguments:
            function = self.arguments[0]
        return function if isinstance(function, Global) else None


@dataclass(eq=False)
class Pairs:
    """A dictionary: keys may be symbols, which cannot be hashed."""

    items: list[tuple[Value, Value]] = field(default_factory=list)

    def under(self, key: str) -> Value:
        """The last value of a literal key, as in a dictionary; `Opaque` if there is none."""
        return next((value for k, value in reversed(self.items) if isinstance(k, str) and k == key), Opaque("missing"))


@dataclass(eq=False)
class Bag:
    """A set."""

    items: list[Value] = field(default_factory=list)


@dataclass(frozen=True)
class Opaque:
    """Something that only the reader of the file could know, for example what lies behind a persistent id."""

    what: str


BRACKETS = {tuple: ("(", ")"), list: ("[", "]"), Bag: ("{", "}")}


class _Text:
    """Collects what is printed and stops at a length: a few bytes of pickle can stand for an expression without end."""

    def __init__(self, longest: int) -> None:
        self.parts: list[str] = []
        self.left = longest

    def add(self, part: str) -> None:
        if self.left > 0:
            self.parts.append(part if len(part) <= self.left else part[: self.left] + "...")
            self.left -= len(part)


def expression(value: Value, longest: int = 300) -> str:
    """The value as Python would write it, cut at `longest` characters."""
    text = _Text(longest)
    _write(value, text, DEEPEST)
    return "".join(text.parts)


def _write(value: Value, text: _Text, depth: int) -> None:
    if text.left <= 0:
        return
    if depth == 0:
        text.add("...")
    elif isinstance(value, Call):
        _write(value.function, text, depth - 1)
        text.add(".__new__" if value.maker else "")
        _write_arguments(value.arguments, text, depth)
    elif isinstance(value, tuple | list | Bag):
        opening, closing = BRACKETS[type(value)]
        text.add(opening)
        _write_all(value.items if isinstance(value, Bag) else value, text, depth)
        text.add("," + closing if isinstance(value, tuple) and len(value) == 1 else closing)
    elif isinstance(value, Pairs):
        text.add("{")
        _write_pairs(value, text, depth)
        text.add("}")
    else:
        text.add(_literal(value))


def _write_arguments(arguments: Value, text: _Text, depth: int) -> None:
    if isinstance(arguments, tuple):
        text.add("(")
        _write_all(arguments, text, depth)
        text.add(")")
    else:
        text.add("(*")
        _write(arguments, text, depth - 1)
        text.add(")")


def _write_all(values: Sequence[Value], text: _Text, depth: int) -> None:
    for i, value in enumerate(values):
        if text.left <= 0:
            return
        text.add(", " if i else "")
        _write(value, text, depth - 1)


def _write_pairs(pairs: Pairs, text: _Text, depth: int) -> None:
    for i, (key, value) in enumerate(pairs.items):
        if text.left <= 0:
            return
        text.add(", " if i else "")
        _write(key, text, depth - 1)
        text.add(": ")
        _write(value, text, depth - 1)


def _literal(value: Value) -> str:
    if isinstance(value, str | bytes | bytearray):
        short = value[:LONGEST_LITERAL]
        return repr(short) + ("..." if len(value) > LONGEST_LITERAL else "")
    if isinstance(value, int) and not isinstance(value, bool) and value.bit_length() > 256:
        return f"<a number of {value.bit_length():,} bits>"
    if isinstance(value, Opaque):
        return f"<{value.what}>"
    return str(value) if isinstance(value, Global) else repr(value)
