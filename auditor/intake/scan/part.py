"""A piece of the file that is looked at on its own: the file itself, what a compressor held, a member of an archive."""

import io
import mmap
from dataclasses import dataclass, field, replace

from auditor.intake.scan.meter import Meter
from auditor.intake.scan.opcodes import Stream
from auditor.intake.scan.sighting import Kind, Sighting


@dataclass(frozen=True)
class Part:
    """`place` is empty for the file itself. Slices are bytes; `data` of a whole file is mapped, not read."""

    data: bytes | mmap.mmap
    meter: Meter
    place: str = ""
    depth: int = 0

    def stream(self) -> Stream:
        if isinstance(self.data, bytes):
            return io.BytesIO(self.data)
        self.data.seek(0)
        return self.data

    def inner(self, data: bytes, name: str = "") -> "Part":
        """Raises TooMuch at the deepest layer that is looked into."""
        self.meter.check_depth(self.depth + 1)
        place = f"{self.place}/{name}".lstrip("/") if name else self.place
        return replace(self, data=data, place=place, depth=self.depth + 1)

    def saw(self, kind: Kind, sentence: str, expression: str = "") -> Sighting:
        return Sighting(kind, sentence, self.place, expression)


@dataclass
class Reading:
    """What a part is. `executes`: loading it runs instructions that stand in it."""

    format: str
    executes: bool = False
    sightings: list[Sighting] = field(default_factory=list)
