"""How many raw bytes follow where joblib puts an array between two instructions of a pickle, from its dtype as written."""

import math
import re

from auditor.intake.scan.opcodes import Broken, Stream
from auditor.intake.scan.symbols import Call, Global, Opaque, Pairs, Value

WRAPPERS = {Global(prefix + "joblib.numpy_pickle", "NumpyArrayWrapper") for prefix in ("", "sklearn.externals.")}
DTYPE = Global("numpy", "dtype")
CODE = re.compile(r"[|<>=]?([?bBhHiIlLqQefdgFDGSUVOMmuc])(\d*)")
FIXED = {"?": 1, "b": 1, "B": 1, "h": 2, "H": 2, "i": 4, "I": 4, "l": 8, "L": 8, "q": 8, "Q": 8, "e": 2, "f": 4, "d": 8, "g": 16}
OBJECTS = 0x01  # NPY_ITEM_REFCOUNT: the array holds Python objects
LONGEST_SHAPE = 64


def is_wrapper(value: Value) -> bool:
    """An object that joblib replaces by the array that follows."""
    return isinstance(value, Call) and value.made in WRAPPERS


def size_of(wrapper: Call, stream: Stream) -> int | None:
    """Bytes from here to the end of the array; None for one of objects, which is a pickle. Raises Broken if it cannot be said."""
    state = wrapper.states[-1]
    if not isinstance(state, Pairs) or len(wrapper.states) != 1:
        raise Broken("an array of joblib is described in a way that joblib does not write")
    width = _width(state.under("dtype"))
    if width is None:
        return None
    count = _count(state.under("shape"))
    alignment = state.under("numpy_array_alignment_bytes")
    padding = 0 if alignment is None or isinstance(alignment, Opaque) else _padding(stream)
    return padding + count * width


def _padding(stream: Stream) -> int:
    first = stream.read(1)
    if not first:
        raise Broken("the file ends where an array is to begin")
    return first[0]


def _count(shape: Value) -> int:
    if not isinstance(shape, tuple) or len(shape) > LONGEST_SHAPE or not all(type(n) is int and 0 <= n < 2**48 for n in shape):
        raise Broken("the shape of an array of joblib cannot be read")
    return math.prod(shape)


def _width(dtype: Value) -> int | None:
    """Bytes of one element; None where elements are objects."""
    if not isinstance(dtype, Call) or dtype.function != DTYPE or not isinstance(dtype.arguments, tuple) or not dtype.arguments:
        raise Broken("the dtype of an array of joblib cannot be read")
    code = dtype.arguments[0]
    match = CODE.fullmatch(code) if isinstance(code, str) else None
    if match is None or len(dtype.states) > 1:
        raise Broken("the dtype of an array of joblib cannot be read")
    kind, digits = match.groups()
    state = dtype.states[0] if dtype.states else ()
    if not isinstance(state, tuple):
        raise Broken("the dtype of an array of joblib cannot be read")
    if kind == "O" or _has_objects(state):
        return None
    return _checked_width(kind, digits, state)


def _has_objects(state: tuple[Value, ...]) -> bool:
    flags = state[7] if len(state) > 7 else 0
    if not isinstance(flags, int):
        raise Broken("the dtype of an array of joblib cannot be read")
    return bool(flags & OBJECTS)


def _checked_width(kind: str, digits: str, state: tuple[Value, ...]) -> int:
    width = int(digits[:12]) if digits else FIXED.get(kind)
    stated = state[5] if len(state) > 5 else -1
    if width is not None and kind == "U" and digits:
        width *= 4
    if kind in "SUV" and isinstance(stated, int) and stated >= 0:
        width = stated
    if width is None:
        raise Broken("the dtype of an array of joblib cannot be read")
    return width
