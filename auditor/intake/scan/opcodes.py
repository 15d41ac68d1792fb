"""One opcode at a time from a stream, read as the interpreter reads it.

`pickletools.genops` decodes some arguments differently from the interpreter (escapes in the names of GLOBAL and INST, non-ASCII
text), which a crafted file can use to show a scanner another name than the one that is imported; those are read here."""

import codecs
import pickletools
from typing import Any, Protocol

BY_CODE = {info.code: info for info in pickletools.opcodes}


class Stream(Protocol):
    """A file in memory: `io.BytesIO` or `mmap`."""

    def read(self, n: int = -1, /) -> bytes: ...
    def readline(self) -> bytes: ...
    def seek(self, position: int, /) -> Any: ...
    def tell(self) -> int: ...


class Broken(Exception):
    """The pickle cannot go on here, for whoever loads it neither."""


def read_opcode(stream: Stream) -> tuple[str, Any]:
    """The name of the opcode and its argument. Raises Broken."""
    code = stream.read(1)
    if not code:
        raise Broken("it ends without a STOP")
    info = BY_CODE.get(code.decode("latin-1"))
    if info is None:
        raise Broken(f"byte {code[0]:#04x} is no opcode")
    try:
        return info.name, _argument(info, stream)
    except (ValueError, OverflowError, MemoryError) as error:
        raise Broken(f"the argument of {info.name} cannot be read") from error


def _argument(info: pickletools.OpcodeInfo, stream: Stream) -> Any:
    if info.name in ("GLOBAL", "INST"):
        return _line(stream).decode("utf-8", "replace"), _line(stream).decode("utf-8", "replace")
    if info.name == "PERSID":
        return _line(stream).decode("utf-8", "replace")
    if info.name == "STRING":
        return _quoted(_line(stream))
    return None if info.arg is None else info.arg.reader(stream)  # type: ignore[arg-type]


def _line(stream: Stream) -> bytes:
    line = stream.readline()
    if not line.endswith(b"\n"):
        raise ValueError("no end of line")
    return line[:-1]


def _quoted(line: bytes) -> str:
    text = line.strip()
    if len(text) < 2 or text[:1] != text[-1:] or text[:1] not in (b"'", b'"'):
        raise ValueError("no quotes")
    decoded: bytes = codecs.escape_decode(text[1:-1])[0]
    return decoded.decode("latin-1")
