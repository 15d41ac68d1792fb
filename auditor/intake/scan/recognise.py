"""What a part of the file is, by its content and never by its name, and what is to be said about it."""

from auditor.intake.scan import keras, npy, onnx, safetensors, texts, zip_file
from auditor.intake.scan.meter import TooMuch
from auditor.intake.scan.part import Part, Reading
from auditor.intake.scan.pickles import Pickles, walk
from auditor.intake.scan.sighting import Kind, Sighting
from auditor.intake.scan.unpack import compression_of, unpack

RUNS_WHATEVER = "loading this format runs whatever instructions stand in it"


def read(part: Part) -> Reading:
    """The whole of it. A format that nobody here knows is reported, never passed over."""
    found = look(part)
    if found is None:
        return Reading("unknown", sightings=[part.saw(Kind.UNREAD, "the file is of no format that is known here")])
    if found.executes:
        found.sightings.append(part.saw(Kind.FORMAT, RUNS_WHATEVER))
    return found


def look(part: Part) -> Reading | None:
    """None if it is of no format that is known here."""
    try:
        return _look(part)
    except TooMuch as limit:
        return Reading("not fully read", sightings=[part.saw(Kind.UNREAD, f"it was not read to the end: it has {limit}")])


def _look(part: Part) -> Reading | None:
    head = bytes(part.data[:512])
    compression = compression_of(head)
    if compression:
        return _compressed(part, compression)
    if zip_file.is_zip(head):
        return zip_file.read(part, look)
    if head.startswith(npy.MAGIC):
        return _array(part)
    if head.startswith(keras.HDF5):
        unread = part.saw(Kind.UNREAD, "HDF5 is only searched for Lambda layers; save the model as .keras or ONNX")
        return Reading("HDF5", sightings=[*keras.look_into_hdf5(part), unread])
    return _pickle(part, head) or _plain(part, head)


def _plain(part: Part, head: bytes) -> Reading | None:
    """Formats that nothing in can run."""
    if safetensors.is_safetensors(head):
        return safetensors.read(part)
    if onnx.is_onnx(head[:1] and part.data[:]):
        return onnx.read(part)
    return texts.read(part)


def _compressed(part: Part, compression: str) -> Reading:
    unpacked = unpack(compression, part.data[:], part.meter)
    inner = look(part.inner(unpacked.data))
    reading = inner or Reading(
        "something unknown", sightings=[part.saw(Kind.UNREAD, "what is compressed is of no format that is known here")]
    )
    reading.format = f"{reading.format}, compressed by {compression}"
    if unpacked.wrong:
        reading.sightings.append(part.saw(Kind.IRREGULAR, unpacked.wrong))
    if unpacked.rest:
        reading.sightings.append(part.saw(Kind.IRREGULAR, f"{unpacked.rest:,} bytes follow the compressed data"))
    return reading


def _array(part: Part) -> Reading:
    reading, objects = npy.read(part)
    if objects is not None:
        inner = _pickle(objects, objects.data[:512])
        reading.format, reading.executes = "numpy array of objects", True
        unread = [part.saw(Kind.UNREAD, "the objects of the array are no pickle")]
        reading.sightings += unread if inner is None else inner.sightings
    return reading


def _pickle(part: Part, head: bytes) -> Reading | None:
    """Pickles of protocol 0 and 1 have no mark at their beginning: they are told by their end, or by what they would run."""
    marked = head[:1] == b"\x80" and head[1:2] in b"\x00\x01\x02\x03\x04\x05"
    size = len(part.data)
    if not head or size < 2:
        return None
    found = walk(part.stream(), size, part.place, part.meter, part.depth)
    runs = any(s.kind is Kind.RUNS and s.expression.endswith(")") for s in found.sightings)
    if not (marked or runs or found.complete):
        return None
    return Reading(_name_of(found), True, found.sightings + _behind(part, found))


def _name_of(found: Pickles) -> str:
    return "joblib pickle" if found.arrays else "pickle"


def _behind(part: Part, found: Pickles) -> list[Sighting]:
    if not found.broken:
        return []
    if not found.complete:
        return [part.saw(Kind.UNREAD, f"the pickle could not be read to the end: {found.broken}")]
    return [part.saw(Kind.IRREGULAR, f"{found.rest:,} bytes follow the end of the pickle")]
