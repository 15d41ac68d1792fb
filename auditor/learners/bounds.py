"""What a parameter of a learner may be: each kind of bound reads a value, or says what it expects."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Whole:
    low: int
    high: int
    optional: bool = False

    def read(self, value: object) -> object:
        """The value as an int; raises ValueError with what is expected."""
        if value is None and self.optional:
            return None
        if isinstance(value, float) and value.is_integer():
            value = int(value)
        if isinstance(value, bool) or not isinstance(value, int) or not self.low <= value <= self.high:
            raise ValueError(f"a whole number from {self.low} to {self.high}" + (" or null" if self.optional else ""))
        return value


@dataclass(frozen=True)
class Real:
    low: float
    high: float

    def read(self, value: object) -> object:
        """The value as a float; raises ValueError with what is expected."""
        if isinstance(value, bool) or not isinstance(value, int | float) or not self.low <= value <= self.high:
            raise ValueError(f"a number from {self.low:g} to {self.high:g}")
        return float(value)


@dataclass(frozen=True)
class Choice:
    options: tuple[object, ...]

    def read(self, value: object) -> object:
        """The value if it is one of the options (True is not 1); raises ValueError with what is expected."""
        if not any(type(value) is type(option) and value == option for option in self.options):
            raise ValueError("one of " + ", ".join("null" if option is None else str(option) for option in self.options))
        return value


@dataclass(frozen=True)
class Share:
    """What forests call max_features: a name, null for all, or a share of the columns."""

    names: tuple[str, ...]

    def read(self, value: object) -> object:
        if value is None or (isinstance(value, str) and value in self.names):
            return value
        if isinstance(value, float) and 0 < value <= 1:
            return value
        raise ValueError("one of " + ", ".join(self.names) + ", null for all, or a share above 0.0 and up to 1.0")


@dataclass(frozen=True)
class Layers:
    widest: int = 4096
    deepest: int = 8

    def read(self, value: object) -> object:
        """The widths of the hidden layers as a tuple; raises ValueError with what is expected."""
        widths = [value] if isinstance(value, int) else value
        expected = f"a list of 1 to {self.deepest} layer widths from 1 to {self.widest}"
        if not isinstance(widths, list | tuple) or not 1 <= len(widths) <= self.deepest:
            raise ValueError(expected)
        try:
            return tuple(Whole(1, self.widest).read(width) for width in widths)
        except ValueError:
            raise ValueError(expected) from None


@dataclass(frozen=True)
class Either:
    """A name, or a number within bounds."""

    names: tuple[str, ...]
    number: Real

    def read(self, value: object) -> object:
        """The name, or the value as a float; raises ValueError with what is expected."""
        if isinstance(value, str) and value in self.names:
            return value
        try:
            return self.number.read(value)
        except ValueError as error:
            raise ValueError(f"{', '.join(self.names)} or {error}") from None


Bound = Whole | Real | Choice | Share | Layers | Either
