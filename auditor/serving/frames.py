"""Messages between two processes over pipes: a JSON head and plain arrays. Nothing is pickled, every size is checked before it is
believed."""

import json
import math
import os
import select
import struct
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

LARGEST_HEAD = 16 * 1024 * 1024
LARGEST_BODY = 1024 * 1024 * 1024
KINDS = {"f8": np.dtype("<f8"), "i8": np.dtype("<i8"), "b1": np.dtype("?"), "u1": np.dtype("u1")}
PIECE = 1 << 16


class Broken(Exception):
    """What arrived is no message, or the other side is gone."""


class TooSlow(Exception):
    """The other side did not speak, or listen, in time."""


@dataclass(frozen=True, eq=False)
class Message:
    head: dict[str, Any]
    arrays: Mapping[str, NDArray[Any]] = field(default_factory=dict)


@dataclass(frozen=True)
class Line:
    """Two descriptors and the moment (monotonic) by which an exchange must be over; None: whenever."""

    incoming: int
    outgoing: int
    until: float | None = None

    def send(self, message: Message) -> None:
        parts = [(name, _kind(array), list(array.shape)) for name, array in message.arrays.items()]
        head = json.dumps({"head": message.head, "arrays": parts}).encode()
        self._write(struct.pack(">I", len(head)) + head)
        for array in message.arrays.values():
            self._write(np.ascontiguousarray(array, KINDS[_kind(array)]).tobytes())

    def receive(self) -> Message:
        (length,) = struct.unpack(">I", self._read(4))
        if length > LARGEST_HEAD:
            raise Broken
        try:
            document = json.loads(self._read(length))
            head, parts = document["head"], [(str(n), KINDS[k], _shape(s)) for n, k, s in document["arrays"]]
        except (ValueError, KeyError, TypeError, RecursionError):
            raise Broken from None
        if not isinstance(head, dict) or sum(kind.itemsize * math.prod(shape) for _, kind, shape in parts) > LARGEST_BODY:
            raise Broken
        return Message(head, {name: self._array(kind, shape) for name, kind, shape in parts})

    def _array(self, kind: np.dtype[Any], shape: tuple[int, ...]) -> NDArray[Any]:
        content = self._read(kind.itemsize * math.prod(shape))
        if kind == KINDS["b1"]:  # any byte but 0 is true; as a bool it would be no value at all
            return np.not_equal(np.frombuffer(content, np.uint8), 0).reshape(shape)
        flat: NDArray[Any] = np.frombuffer(content, kind)
        return flat.reshape(shape)

    def _read(self, size: int) -> bytes:
        parts: list[bytes] = []
        while size:
            self._wait(self.incoming, select.POLLIN)
            part = os.read(self.incoming, min(size, 1 << 20))
            if not part:
                raise Broken
            parts.append(part)
            size -= len(part)
        return b"".join(parts)

    def _write(self, content: bytes) -> None:
        """In pieces that a pipe takes without blocking once it has room."""
        view = memoryview(content)
        while view:
            self._wait(self.outgoing, select.POLLOUT)
            try:
                view = view[os.write(self.outgoing, view[:PIECE]) :]
            except BlockingIOError:
                continue
            except BrokenPipeError:
                raise Broken from None

    def _wait(self, descriptor: int, event: int) -> None:
        poll = select.poll()
        poll.register(descriptor, event)
        left = None if self.until is None else max(0.0, self.until - time.monotonic())
        if not poll.poll(None if left is None else left * 1000):
            raise TooSlow


def _kind(array: NDArray[Any]) -> str:
    return {"f": "f8", "i": "i8", "u": "u1", "b": "b1"}[array.dtype.kind]


def _shape(given: object) -> tuple[int, ...]:
    if not isinstance(given, list) or len(given) > 3:
        raise ValueError
    if not all(isinstance(size, int) and not isinstance(size, bool) and 0 <= size <= LARGEST_BODY for size in given):
        raise ValueError
    return tuple(given)
