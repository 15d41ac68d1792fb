"""The wire format of protocol buffers, as far as looking needs it."""

from collections.abc import Iterator

VARINT, FIXED_64, BYTES, FIXED_32 = 0, 1, 2, 5


def fields(data: memoryview) -> Iterator[tuple[int, int, memoryview | int]]:
    """(number, wire type, value) of each field. Raises ValueError where the bytes are no message."""
    at = 0
    while at < len(data):
        key, at = _varint(data, at)
        number, wire = key >> 3, key & 7
        if number == 0:
            raise ValueError("field 0")
        if wire == VARINT:
            value, at = _varint(data, at)
            yield number, wire, value
            continue
        length, at = _length(data, at, wire)
        if at + length > len(data):
            raise ValueError("cut off")
        yield number, wire, data[at : at + length]
        at += length


def _length(data: memoryview, at: int, wire: int) -> tuple[int, int]:
    if wire == BYTES:
        return _varint(data, at)
    if wire in (FIXED_64, FIXED_32):
        return (8 if wire == FIXED_64 else 4), at
    raise ValueError("wire type")


def _varint(data: memoryview, at: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        if at >= len(data) or shift > 63:
            raise ValueError("varint")
        byte = data[at]
        value |= (byte & 127) << shift
        at, shift = at + 1, shift + 7
        if byte < 128:
            return value, at


def messages(data: memoryview, number: int) -> Iterator[memoryview]:
    """All sub-messages (or texts) of this number."""
    return (value for n, wire, value in fields(data) if n == number and wire == BYTES and isinstance(value, memoryview))
