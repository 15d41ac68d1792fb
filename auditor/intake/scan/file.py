"""`scan`: a model's file, looked at without loading it."""

import hashlib
import mmap
from pathlib import Path

from auditor.errors import InvalidInput
from auditor.intake.scan.meter import Limits, Meter
from auditor.intake.scan.part import Part, Reading
from auditor.intake.scan.recognise import read
from auditor.intake.scan.report import ScanReport
from auditor.intake.scan.sighting import Kind, Sighting

ORDER = list(Kind)


def scan(path: Path, limits: Limits | None = None, declared: str = "") -> ScanReport:
    """Reads the file and nothing else: nothing is unpickled, imported, decompressed without limit or fetched.

    `declared` is the SHA-256 that the file should have. Raises InvalidInput where there is no file."""
    limits = limits or Limits()
    if not path.is_file():
        raise InvalidInput("", f"there is no file {path}; name the file of a model")
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    size = path.stat().st_size
    reading = _read(path, size, limits)
    wrong = (
        []
        if _is_declared(declared, digest)
        else [Sighting(Kind.DIGEST, f"its SHA-256 is {digest} and not the declared {declared[:80]}")]
    )
    sightings = sorted(dict.fromkeys([*wrong, *reading.sightings]), key=lambda s: ORDER.index(s.kind))
    return ScanReport(path.name, size, digest, reading.format, reading.executes, tuple(sightings))


def _is_declared(declared: str, digest: str) -> bool:
    return not declared or declared.lower().removeprefix("sha256:") == digest


def _read(path: Path, size: int, limits: Limits) -> Reading:
    if size == 0:
        return Reading("empty file", sightings=[Sighting(Kind.UNREAD, "the file is empty")])
    if size > limits.file_bytes:
        return Reading(
            "not read", sightings=[Sighting(Kind.UNREAD, f"the file is larger than the {limits.file_bytes:,} bytes that are read")]
        )
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
        return read(Part(data, Meter(limits)))
