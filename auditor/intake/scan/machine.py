"""The pickle machine on symbols: every instruction does to the stack what the interpreter would do, and nothing is ever run.

Scanners that look at names alone are led astray by names computed on the stack, by the memo, and by arrays that joblib writes
between two instructions (see docs/supply-chain.md); a machine that keeps the stack is not."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from auditor.intake.scan import joblib_array
from auditor.intake.scan.dangerous import python_3_name
from auditor.intake.scan.known import UFUNC_BY_NAME, may_be_text
from auditor.intake.scan.meter import Meter
from auditor.intake.scan.opcodes import Broken, Stream, read_opcode
from auditor.intake.scan.symbols import Bag, Call, Global, Opaque, Pairs, Value

LITERALS = frozenset(
    [
        "INT",
        "BININT",
        "BININT1",
        "BININT2",
        "LONG",
        "LONG1",
        "LONG4",
        "STRING",
        "BINSTRING",
        "SHORT_BINSTRING",
        "BINBYTES",
        "SHORT_BINBYTES",
        "BINBYTES8",
        "BYTEARRAY8",
        "UNICODE",
        "SHORT_BINUNICODE",
        "BINUNICODE",
        "BINUNICODE8",
        "FLOAT",
        "BINFLOAT",
    ]
)
MISMATCH = (IndexError, KeyError, TypeError, ValueError, AttributeError)


@dataclass(frozen=True)
class Event:
    """`action`: import | call | build (sets the state) | change (calls methods that alter it) | persistent | extension."""

    action: str
    value: Value
    position: int


class Machine:
    """One pickle. `events` hold what it would do up to where it ends or breaks; `arrays` says whether joblib reads it, which
    takes raw arrays out of the stream, or the plain interpreter, which does not."""

    def __init__(self, stream: Stream, meter: Meter, arrays: bool = True) -> None:
        self.stream, self.meter, self.arrays = stream, meter, arrays
        self.events: list[Event] = []
        self.literals: list[bytes | str] = []
        self.met_array = False
        self._stack: list[Value] = []
        self._marks: list[list[Value]] = []
        self._memo: dict[int, Value] = {}
        self._protocol = 0
        self._frame_end = 0
        self._position = 0

    def run(self) -> Value:
        """What the pickle would make. Raises Broken where nobody could load it further, TooMuch at a limit."""
        while True:
            self._position = self.stream.tell()
            name, argument = read_opcode(self.stream)
            self.meter.opcode()
            if name == "STOP":
                return self._stack[-1] if self._stack else Opaque("nothing")
            try:
                self._step(name, argument)
            except MISMATCH as error:
                raise Broken(f"{name} at byte {self._position:,} does not find on the stack what it needs") from error

    def _step(self, name: str, argument: Any) -> None:
        if name in LITERALS:
            self._stack.append(argument)
            if isinstance(argument, str | bytes | bytearray) and argument[:1] in ("\x80", b"\x80"):
                self.literals.append(bytes(argument) if isinstance(argument, bytearray) else argument)  # may be a pickle within
        else:
            STEPS[name](self, argument)

    def _tell(self, action: str, value: Value) -> None:
        self.events.append(Event(action, value, self._position))

    def _since_mark(self) -> list[Value]:
        items, self._stack = self._stack, self._marks.pop()
        return items

    def _import(self, module: Value, name: Value) -> Value:
        found: Value = Opaque("a name computed while loading")
        if isinstance(module, str) and isinstance(name, str):
            found = python_3_name(module, name) if self._protocol < 3 else Global(module, name)
        self._tell("import", found if isinstance(found, Global) else Call(Global("importlib", "import_module"), (module, name)))
        return found

    def _call(self, function: Value, arguments: Value, maker: bool = False) -> Value:
        named = _named(function, arguments)
        if named is not None:
            self._tell("import", named)
            return named
        if function == Global("_codecs", "encode") and _is_latin(arguments):
            return arguments[0].encode("latin-1", "replace")  # how protocols 0 to 2 write bytes
        call = Call(function, arguments, maker)
        self._tell("call", call)
        return call

    def _change(self, target: Value) -> None:
        if isinstance(target, Global | Call | Opaque):
            self._tell("change", target)


def _named(function: Value, arguments: Value) -> Global | None:
    """What a call only looks up: numpy finds its functions by a module and a name, and so does `getattr`."""
    if not isinstance(function, Global) or not isinstance(arguments, tuple) or len(arguments) != 2:
        return None
    first, second = arguments
    if (
        function.module in UFUNC_BY_NAME[0]
        and function.name == UFUNC_BY_NAME[1]
        and isinstance(first, str)
        and isinstance(second, str)
    ):
        return Global(first, second)
    if function == Global("builtins", "getattr") and isinstance(first, Global) and isinstance(second, str):
        return Global(first.module, f"{first.name}.{second}")
    return None


def _is_latin(arguments: Value) -> bool:
    return (
        isinstance(arguments, tuple)
        and len(arguments) == 2
        and isinstance(arguments[0], str)
        and arguments[1] in ("latin1", "latin-1")
    )


Step = Callable[[Machine, Any], None]


def _constant(make: Callable[[], Value]) -> Step:
    return lambda m, _: m._stack.append(make())


def _tuple_of(count: int) -> Step:
    def step(m: Machine, _: Any) -> None:
        if len(m._stack) < count:
            raise IndexError
        m._stack[-count:] = [tuple(m._stack[-count:])]

    return step


def _collected(make: Callable[[list[Value]], Value]) -> Step:
    def step(m: Machine, _: Any) -> None:
        items = m._since_mark()
        m._stack.append(make(items))

    return step


def _pairs(items: list[Value]) -> Pairs:
    return Pairs(list(zip(items[::2], items[1::2], strict=True)))


def _extend(m: Machine, items: list[Value]) -> None:
    target = m._stack[-1]
    if isinstance(target, list):
        target.extend(items)
    elif isinstance(target, Bag):
        target.items.extend(items)
    else:
        m._change(target)


def _set_items(m: Machine, items: list[Value]) -> None:
    target = m._stack[-1]
    if isinstance(target, Pairs):
        target.items.extend(_pairs(items).items)
    else:
        m._change(target)


def _append(m: Machine, _: Any) -> None:
    item = m._stack.pop()
    _extend(m, [item])


def _set_item(m: Machine, _: Any) -> None:
    value, key = m._stack.pop(), m._stack.pop()
    _set_items(m, [key, value])


def _pop(m: Machine, _: Any) -> None:
    if m._stack:
        m._stack.pop()
    else:
        m._since_mark()


def _pop_mark(m: Machine, _: Any) -> None:
    m._since_mark()


def _mark(m: Machine, _: Any) -> None:
    m._marks.append(m._stack)
    m._stack = []


def _put(m: Machine, index: Any) -> None:
    m._memo[len(m._memo) if index is None else index] = m._stack[-1]


def _stack_global(m: Machine, _: Any) -> None:
    name, module = m._stack.pop(), m._stack.pop()
    if not (may_be_text(name) and may_be_text(module)):
        raise TypeError  # as in the interpreter; it meets this in what joblib wrote for itself alone
    m._stack.append(m._import(module, name))


def _reduce(m: Machine, _: Any) -> None:
    arguments, function = m._stack.pop(), m._stack.pop()
    m._stack.append(m._call(function, arguments))


def _new(m: Machine, _: Any) -> None:
    arguments, cls = m._stack.pop(), m._stack.pop()
    m._stack.append(m._call(cls, arguments, maker=True))


def _new_with_names(m: Machine, _: Any) -> None:
    named, arguments, cls = m._stack.pop(), m._stack.pop(), m._stack.pop()
    both = (*arguments, named) if isinstance(arguments, tuple) else (arguments, named)
    m._stack.append(m._call(cls, both, maker=True))


def _object(m: Machine, _: Any) -> None:
    cls, *arguments = m._since_mark()
    m._stack.append(m._call(cls, tuple(arguments)))


def _instance(m: Machine, names: tuple[str, str]) -> None:
    arguments = m._since_mark()
    m._stack.append(m._call(m._import(*names), tuple(arguments)))


def _build(m: Machine, _: Any) -> None:
    state = m._stack.pop()
    target = m._stack[-1]
    if isinstance(target, Call):
        target.states.append(state)
    m._tell("build", target)
    if joblib_array.is_wrapper(target):
        m.met_array = True
        if m.arrays:
            m._stack[-1] = _array(m, target)


def _array(m: Machine, wrapper: Call) -> Value:
    """joblib reads on behind the current frame; an array that a frame surrounds is not written by it, and is crafted to mislead."""
    if m.stream.tell() < m._frame_end:
        raise Broken("an array of joblib lies inside a frame, where joblib would read on elsewhere")
    size = joblib_array.size_of(wrapper, m.stream)
    if size is None:  # objects: a pickle of its own follows
        inner = Machine(m.stream, m.meter, arrays=False)
        inner.events, inner.literals = m.events, m.literals
        inner.run()
    else:
        _skip(m.stream, size)
    return Opaque("array")


def _skip(stream: Stream, size: int) -> None:
    here = stream.tell()
    stream.seek(here + size - 1 if size else here)
    if size and not stream.read(1):
        raise Broken("an array is longer than the file")


def _frame(m: Machine, size: int) -> None:
    m._frame_end = m.stream.tell() + size


def _protocol(m: Machine, number: int) -> None:
    m._protocol = number


def _extension(m: Machine, code: int) -> None:
    value = Opaque(f"extension {code} of the loading program")
    m._tell("extension", value)
    m._stack.append(value)


def _persistent(m: Machine, name: Any) -> None:
    value = Opaque("an object kept elsewhere")
    m._tell("persistent", m._stack.pop() if name is None else name)
    m._stack.append(value)


STEPS: dict[str, Step] = {
    "NONE": _constant(lambda: None),
    "NEWTRUE": _constant(lambda: True),
    "NEWFALSE": _constant(lambda: False),
    "EMPTY_TUPLE": _constant(tuple),
    "EMPTY_LIST": _constant(list),
    "EMPTY_DICT": _constant(Pairs),
    "EMPTY_SET": _constant(Bag),
    "NEXT_BUFFER": _constant(lambda: Opaque("a buffer kept elsewhere")),
    "READONLY_BUFFER": lambda m, _: None,
    "TUPLE": _collected(tuple),
    "TUPLE1": _tuple_of(1),
    "TUPLE2": _tuple_of(2),
    "TUPLE3": _tuple_of(3),
    "LIST": _collected(list),
    "FROZENSET": _collected(Bag),
    "DICT": _collected(_pairs),
    "APPEND": _append,
    "APPENDS": lambda m, _: _extend(m, m._since_mark()),
    "ADDITEMS": lambda m, _: _extend(m, m._since_mark()),
    "SETITEM": _set_item,
    "SETITEMS": lambda m, _: _set_items(m, m._since_mark()),
    "POP": _pop,
    "POP_MARK": _pop_mark,
    "DUP": lambda m, _: m._stack.append(m._stack[-1]),
    "MARK": _mark,
    "PUT": _put,
    "BINPUT": _put,
    "LONG_BINPUT": _put,
    "MEMOIZE": _put,
    "GET": lambda m, index: m._stack.append(m._memo[index]),
    "BINGET": lambda m, index: m._stack.append(m._memo[index]),
    "LONG_BINGET": lambda m, index: m._stack.append(m._memo[index]),
    "GLOBAL": lambda m, names: m._stack.append(m._import(*names)),
    "STACK_GLOBAL": _stack_global,
    "REDUCE": _reduce,
    "BUILD": _build,
    "INST": _instance,
    "OBJ": _object,
    "NEWOBJ": _new,
    "NEWOBJ_EX": _new_with_names,
    "PROTO": _protocol,
    "FRAME": _frame,
    "EXT1": _extension,
    "EXT2": _extension,
    "EXT4": _extension,
    "PERSID": _persistent,
    "BINPERSID": _persistent,
}
