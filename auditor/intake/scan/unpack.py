"""Compressed data, unpacked within limits. Check sums are compared and never trusted: a loader may have run what it read before it
looks at the check sum, so a wrong one is reported and the data are read all the same."""

import bz2
import lzma
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Protocol

from auditor.intake.scan.meter import Meter, TooMuch

CHUNK = 4096
STEP = 2**20


@dataclass(frozen=True)
class Unpacked:
    """`wrong`: what is wrong with it, empty if nothing is; `rest`: bytes behind the compressed data."""

    data: bytes
    wrong: str = ""
    rest: int = 0


class Decompressor(Protocol):
    @property
    def eof(self) -> bool: ...

    @property
    def unused_data(self) -> bytes: ...

    def decompress(self, data: bytes, max_length: int = ..., /) -> bytes: ...


def compression_of(head: bytes) -> str:
    """By its first bytes: gzip, zlib, bz2, xz, lzma, lz4, or empty."""
    if len(head) > 1 and head[0] == 0x78 and (head[0] * 256 + head[1]) % 31 == 0:
        return "zlib"
    starts = {b"\x1f\x8b\x08": "gzip", b"BZh": "bz2", b"\xfd7zXZ\x00": "xz", b"\x5d\x00\x00": "lzma", b"\x04\x22\x4d\x18": "lz4"}
    return next((name for start, name in starts.items() if head.startswith(start)), "")


def unpack(kind: str, data: bytes, meter: Meter) -> Unpacked:
    """Raises TooMuch at the limit of unpacked bytes, or where the library for it is missing."""
    if kind == "gzip":
        return _gzip(data, meter)
    if kind == "zlib":
        out, used, wrong = inflate(data[2:], meter)
        rest = data[2 + used :]
        sum_is_right = rest[:4] == zlib.adler32(out).to_bytes(4, "big")
        return Unpacked(out, wrong or ("" if sum_is_right else "its check sum is wrong"), max(0, len(rest) - 4))
    return _streams(_MAKERS[kind], data, meter)


def inflate(data: bytes, meter: Meter) -> tuple[bytes, int, str]:
    """Raw deflate: the bytes, how many were used, and what was wrong."""
    got = _gathered(zlib.decompressobj(-zlib.MAX_WBITS), data, meter)
    return got.data, len(data) - got.rest, got.wrong


def _gathered(reader: Decompressor, data: bytes, meter: Meter) -> Unpacked:
    """All output up to the end or the first damage. Fed in small pieces, so that little is lost before the damage."""
    parts: list[bytes] = []
    fed = 0
    try:
        while fed < len(data) and not reader.eof:
            chunk = data[fed : fed + CHUNK]
            fed += len(chunk)
            for piece in _pieces(reader, chunk):
                meter.unpack(len(piece))
                parts.append(piece)
    except (zlib.error, OSError, EOFError, ValueError, RuntimeError, lzma.LZMAError):
        return Unpacked(b"".join(parts), "the compressed data are damaged")
    wrong = "" if reader.eof else "the compressed data break off"
    return Unpacked(b"".join(parts), wrong, len(data) - fed + len(reader.unused_data or b""))


def _pieces(reader: Decompressor, chunk: bytes) -> Iterator[bytes]:
    """The output for one chunk, a bounded piece at a time: a small chunk can unfold to anything."""
    piece = reader.decompress(chunk, STEP)
    yield piece
    while not reader.eof and (len(piece) == STEP or _waiting(reader)):
        piece = reader.decompress(_waiting(reader), STEP)
        yield piece


def _waiting(reader: Decompressor) -> bytes:
    """zlib hands back what it did not take; the others keep it."""
    left: bytes = getattr(reader, "unconsumed_tail", b"")
    return left


def _gzip(data: bytes, meter: Meter) -> Unpacked:
    """One member after the other."""
    whole, wrong = b"", ""
    while data.startswith(b"\x1f\x8b\x08"):
        start = _gzip_header(data)
        out, used, why = inflate(data[start:], meter)
        tail, data = data[start + used : start + used + 8], data[start + used + 8 :]
        right = tail == zlib.crc32(out).to_bytes(4, "little") + (len(out) % 2**32).to_bytes(4, "little")
        whole, wrong = whole + out, wrong or why or ("" if right else "its check sum is wrong")
    return Unpacked(whole, wrong, len(data))


def _gzip_header(data: bytes) -> int:
    flags, at = data[3] if len(data) > 3 else 0, 10
    if flags & 4:
        at += 2 + int.from_bytes(data[at : at + 2], "little")
    for bit in (8, 16):
        if flags & bit:
            end = data.find(b"\x00", at)
            at = len(data) if end < 0 else end + 1
    return at + (2 if flags & 2 else 0)


def _streams(make: Callable[[], Decompressor], data: bytes, meter: Meter) -> Unpacked:
    """bz2 and xz files may hold several streams."""
    whole = _gathered(make(), data, meter)
    while whole.rest and not whole.wrong:
        more = _gathered(make(), data[-whole.rest :], meter)
        if more.wrong:
            break
        whole = Unpacked(whole.data + more.data, rest=more.rest)
    return whole


def _lz4() -> Decompressor:
    try:
        import lz4.frame  # type: ignore[import-not-found]
    except ImportError:
        raise TooMuch("data compressed by lz4, for which the package lz4 is not installed here") from None
    reader: Decompressor = lz4.frame.LZ4FrameDecompressor()
    return reader


_MAKERS: dict[str, Callable[[], Decompressor]] = {
    "bz2": bz2.BZ2Decompressor,
    "xz": lambda: lzma.LZMADecompressor(lzma.FORMAT_XZ, memlimit=2**28),
    "lzma": lambda: lzma.LZMADecompressor(lzma.FORMAT_ALONE, memlimit=2**28),
    "lz4": _lz4,
}
