"""The text that an attacker hid: base64, compression and the like, undone without running anything of the file."""

import base64
import binascii
import codecs
import zlib
from collections.abc import Callable

from auditor.intake.scan.symbols import Call, Global, Value

LARGEST = 2**20
DEEPEST = 4


def _inflated(data: bytes) -> bytes:
    return zlib.decompressobj().decompress(data, LARGEST)


DECODERS: dict[str, Callable[[bytes], bytes]] = {
    "base64.b64decode": base64.b64decode,
    "base64.standard_b64decode": base64.b64decode,
    "base64.decodebytes": base64.b64decode,
    "base64.urlsafe_b64decode": base64.urlsafe_b64decode,
    "base64.b32decode": base64.b32decode,
    "base64.b16decode": base64.b16decode,
    "base64.b85decode": base64.b85decode,
    "base64.a85decode": base64.a85decode,
    "binascii.a2b_base64": binascii.a2b_base64,
    "binascii.unhexlify": binascii.unhexlify,
    "binascii.a2b_hex": binascii.unhexlify,
    "builtins.bytes.fromhex": lambda data: bytes.fromhex(data.decode("ascii")),
    "zlib.decompress": _inflated,
}
CODECS: dict[str, Callable[[bytes], bytes]] = {
    "base64": base64.b64decode,
    "hex": binascii.unhexlify,
    "zlib": _inflated,
    "rot13": lambda data: codecs.encode(data.decode("ascii"), "rot13").encode(),
}


def decoded(value: Value, depth: int = DEEPEST) -> bytes | None:
    """The bytes that a literal, or known decoders around one, stand for; None if that cannot be said."""
    if isinstance(value, str):
        return value.encode("utf-8", "surrogatepass")
    if isinstance(value, bytes | bytearray):
        return bytes(value)
    if not isinstance(value, Call) or not isinstance(value.arguments, tuple) or not value.arguments or depth == 0:
        return None
    undo = _decoder(value)
    inner = None if undo is None else decoded(value.arguments[0], depth - 1)
    if undo is None or inner is None or len(inner) > LARGEST:
        return None
    try:
        return undo(inner)
    except (ValueError, zlib.error):
        return None


def _decoder(call: Call) -> Callable[[bytes], bytes] | None:
    if not isinstance(call.function, Global):
        return None
    name = str(call.function)
    if name in ("codecs.decode", "_codecs.decode") and len(call.arguments) > 1 and isinstance(call.arguments[1], str):
        return CODECS.get(call.arguments[1].replace("_", "").replace("-", "").removesuffix("codec"))
    return DECODERS.get(name)
