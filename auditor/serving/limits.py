"""What the process that holds a model file may use."""

from dataclasses import dataclass

MEGABYTE = 1_000_000
WEAK, STRONG = "weak", "strong"
"""How the process of a model is told whether it may go without a wall."""


@dataclass(frozen=True)
class Limits:
    """`seconds` bounds each request twice, by the clock and by the processor; reading the file is one request."""

    memory_mb: int = 4096
    seconds: float = 60.0
    file_mb: int = 200
    allow_weak: bool = False
