"""How much memory this process may still take, and a refusal in numbers for a batch that would take more."""

import ctypes
import os
from contextlib import suppress
from pathlib import Path

from auditor.errors import InvalidInput
from auditor.shadows.trainers import Job, memory

LIMIT, USED = Path("/sys/fs/cgroup/memory.max"), Path("/sys/fs/cgroup/memory.current")
GIB = 2**30


def available(limit: Path = LIMIT, used: Path = USED) -> int | None:
    """Bytes: what the machine has free, or what the container's limit leaves; None where nobody says."""
    found = [free for free in (_free_of_the_machine(), _left_of_the_container(limit, used)) if free is not None]
    return min(found, default=None)


def _free_of_the_machine() -> int | None:
    try:
        with Path("/proc/meminfo").open(encoding="ascii") as lines:
            return next(int(line.split()[1]) * 1024 for line in lines if line.startswith("MemAvailable"))
    except (OSError, StopIteration):
        names = os.sysconf_names
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_AVPHYS_PAGES") if "SC_AVPHYS_PAGES" in names else None


def _left_of_the_container(limit: Path, used: Path) -> int | None:
    try:
        most = limit.read_text(encoding="ascii").strip()
        return None if most == "max" else int(most) - int(used.read_text(encoding="ascii")) + _files(used.with_name("memory.stat"))
    except (OSError, ValueError):
        return None


def _files(stat: Path) -> int:
    """Bytes of cached files, which count as used and give way to whoever needs memory."""
    try:
        numbers = dict(line.split() for line in stat.read_text(encoding="ascii").splitlines())
    except (OSError, ValueError):
        return 0
    return int(numbers.get("active_file", 0)) + int(numbers.get("inactive_file", 0))


def give_back() -> None:
    """To the machine, what numpy freed and the C library kept: its heaps grow with each thread that works, and shrink by themselves
    only from their end. Only glibc can be told."""
    with suppress(OSError, AttributeError):
        ctypes.CDLL("libc.so.6").malloc_trim(0)


def gib(size: int) -> str:
    return f"{size / GIB:.1f} GiB"


def refuse_what_does_not_fit(job: Job, free: int | None) -> None:
    """Raises InvalidInput with both numbers; better now than a worker that is killed without a word."""
    wanted = memory.needed(job)
    if free is not None and wanted > free:
        raise InvalidInput(
            "data",
            f"training {job.learner.name} on these {len(job.pool):,} records takes about {gib(wanted)} of memory and"
            f" {gib(max(0, free))} are free; give fewer records or columns, or run the worker where there is more",
        )
