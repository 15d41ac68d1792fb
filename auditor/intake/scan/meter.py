"""What reading one file may cost: a file that would take more is not read to the end, and the report says so."""

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Limits:
    file_bytes: int = 8 * 2**30
    unpacked_bytes: int = 2**29
    opcodes: int = 3_000_000
    members: int = 20_000
    depth: int = 6


class TooMuch(Exception):
    """A limit was reached; the text says which."""


@dataclass
class Meter:
    """Counts over the whole file, all members and nested pickles together."""

    limits: Limits = field(default_factory=Limits)
    unpacked: int = 0
    opcodes: int = 0
    members: int = 0

    def opcode(self) -> None:
        self.opcodes += 1
        if self.opcodes > self.limits.opcodes:
            raise TooMuch(f"more than {self.limits.opcodes:,} pickle instructions")

    def member(self) -> None:
        self.members += 1
        if self.members > self.limits.members:
            raise TooMuch(f"more than {self.limits.members:,} members")

    def unpack(self, size: int) -> None:
        self.unpacked += size
        if self.unpacked > self.limits.unpacked_bytes:
            raise TooMuch(f"more than {self.limits.unpacked_bytes:,} bytes when unpacked")

    @property
    def room(self) -> int:
        """Bytes that may still be unpacked."""
        return self.limits.unpacked_bytes - self.unpacked

    def check_depth(self, depth: int) -> None:
        if depth > self.limits.depth:
            raise TooMuch(f"more than {self.limits.depth} layers of archives and pickles within each other")
