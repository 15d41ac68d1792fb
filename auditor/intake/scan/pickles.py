"""Everything in a stream of pickles: one after the other, nested ones, what comes behind."""

import io
from collections.abc import Iterable
from dataclasses import dataclass

from auditor.intake.scan.decode import decoded
from auditor.intake.scan.judge import judge
from auditor.intake.scan.machine import Event, Machine
from auditor.intake.scan.meter import Meter
from auditor.intake.scan.opcodes import Broken, Stream
from auditor.intake.scan.sighting import Kind, Sighting
from auditor.intake.scan.symbols import Call, Global, Value

TORCH_MAGIC = 0x1950A86A20F9469CFC6C
TORCH_PICKLES = 5  # magic number, version, system, object, names of storages; raw storages follow
MOST_PICKLES = 1_000
LOADERS = {
    f"{module}.{name}"
    for module in ("pickle", "_pickle", "dill", "cloudpickle", "marshal", "joblib", "torch")
    for name in ("loads", "load")
} | {"torch.storage._load_from_bytes", "pandas.read_pickle", "io.BytesIO", "_io.BytesIO"}


@dataclass
class Pickles:
    """`complete`: how many pickles ended with a STOP. `broken`: why the next one did not; `rest`: bytes behind the last one."""

    sightings: list[Sighting]
    complete: int = 0
    broken: str = ""
    rest: int = 0
    arrays: bool = False
    first: Value = None


def walk(stream: Stream, size: int, place: str, meter: Meter, depth: int = 0) -> Pickles:
    """All pickles from the start of the stream, as joblib reads them and, where that differs, as the plain interpreter does."""
    meter.check_depth(depth)
    found = _walk(stream, size, place, meter, depth, arrays=True)
    if found.arrays:
        stream.seek(0)
        plain = _walk(stream, size, place, meter, depth, arrays=False)
        found.sightings += [s for s in plain.sightings if s.kind is Kind.RUNS and s not in found.sightings]
    return found


def _walk(stream: Stream, size: int, place: str, meter: Meter, depth: int, arrays: bool) -> Pickles:
    found = Pickles([])
    while stream.tell() < size and found.complete < MOST_PICKLES:
        start = stream.tell()
        machine = Machine(stream, meter, arrays)
        try:
            made = machine.run()
            found.complete += 1
            found.first = made if found.complete == 1 else found.first
        except Broken as error:
            found.broken, found.rest = str(error), size - start
        found.arrays |= machine.met_array
        is_torch = found.first == TORCH_MAGIC
        found.sightings += judge(machine.events, place, persistent=is_torch)
        found.sightings += _nested(machine, place, meter, depth)
        if found.broken or (is_torch and found.complete == TORCH_PICKLES):
            break
    return found


def _nested(machine: Machine, place: str, meter: Meter, depth: int) -> list[Sighting]:
    """Pickles within the pickle: those a call of it would load, and those it merely carries."""
    loaded = [data for event in machine.events for data in _loaded_by(event)]
    carried = [text if isinstance(text, bytes) else text.encode("latin-1", "replace") for text in machine.literals]
    found = []
    for data in dict.fromkeys([*loaded, *carried]):
        inner = walk(io.BytesIO(data), len(data), f"{place}, nested pickle".lstrip(", "), meter, depth + 1)
        told = (s for s in inner.sightings if s.kind is Kind.RUNS)
        found += list(told) if data in loaded else [_carried(s) for s in told]
    return found


def _carried(sighting: Sighting) -> Sighting:
    words = f"it carries a pickle as data; {sighting.sentence} if a program unpickles that too"
    return Sighting(Kind.UNKNOWN, words, sighting.place, sighting.expression)


def _loaded_by(event: Event) -> Iterable[bytes]:
    call = event.value
    if event.action != "call" or not isinstance(call, Call) or not isinstance(call.function, Global):
        return []
    if str(call.function) not in LOADERS or not isinstance(call.arguments, tuple):
        return []
    return [data for data in map(decoded, call.arguments[:1]) if data]
