"""numpy's own format: plain numbers, or a pickle where the array holds objects."""

import ast

from auditor.intake.scan.part import Part, Reading
from auditor.intake.scan.sighting import Kind

MAGIC = b"\x93NUMPY"
LONGEST_HEADER = 2**20


def header_of(data: bytes) -> tuple[str, int]:
    """The header as text and where the data begin. Raises ValueError."""
    major = data[6] if len(data) > 8 else 0
    width = {1: 2, 2: 4, 3: 4}.get(major)
    if width is None:
        raise ValueError("unknown version")
    length = int.from_bytes(data[8 : 8 + width], "little")
    if length > LONGEST_HEADER:
        raise ValueError("long header")
    return data[8 + width : 8 + width + length].decode("latin-1"), 8 + width + length


def holds_objects(header: str) -> bool:
    """Whether an element of the dtype is a Python object. Raises ValueError."""
    try:
        described = ast.literal_eval(header.strip())
    except (SyntaxError, ValueError, MemoryError, RecursionError, TypeError) as error:
        raise ValueError("no dictionary") from error
    if not isinstance(described, dict) or "descr" not in described:
        raise ValueError("no descr")
    return "O" in repr(described["descr"]).replace("|O", "O")


def read(part: Part) -> tuple[Reading, Part | None]:
    """The second: the pickle behind the header, if there is one."""
    data = part.data[:]
    try:
        header, start = header_of(data)
        objects = holds_objects(header)
    except ValueError:
        return Reading("numpy array", sightings=[part.saw(Kind.UNREAD, "the header of the array cannot be read")]), None
    return Reading("numpy array"), part.inner(data[start:]) if objects else None
