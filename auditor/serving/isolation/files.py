"""Landlock: of all files only the libraries can be read, none can be written or executed (Linux 5.13; landlock(7))."""

import ctypes
import os
import sys
from collections.abc import Iterator
from pathlib import Path

from auditor.serving.isolation.kernel import LANDLOCK_ADD, LANDLOCK_CREATE, LANDLOCK_RESTRICT, syscall

READ_FILE, READ_DIR = 1 << 2, 1 << 3
RIGHTS_BY_VERSION = {1: 13, 2: 14, 3: 15, 4: 15, 5: 16}
TCP_FROM, SCOPES_FROM = 4, 6
PATH_BENEATH = 1
SYSTEM = (
    "/usr/lib",
    "/usr/lib64",
    "/lib",
    "/lib64",
    "/usr/local/lib",
    "/proc/cpuinfo",
    "/proc/self/maps",
    "/sys/devices/system/cpu",
)


class _Ruleset(ctypes.Structure):
    _fields_ = (("files", ctypes.c_uint64), ("net", ctypes.c_uint64), ("scoped", ctypes.c_uint64))


class _Beneath(ctypes.Structure):
    _pack_ = 1
    _fields_ = (("allowed", ctypes.c_uint64), ("parent", ctypes.c_int32))


def landlock_version() -> int:
    """Raises OSError where the kernel, or a filter of the host, has no Landlock."""
    return syscall(LANDLOCK_CREATE, None, 0, 1)


def can_restrict_files() -> bool:
    try:
        return landlock_version() > 0
    except OSError:
        return False


def restrict_files() -> int:
    """The version of Landlock; raises OSError where the kernel has none. Needs no_new_privs."""
    version = landlock_version()
    rights = (1 << RIGHTS_BY_VERSION.get(version, 16)) - 1
    rules = _Ruleset(rights, 3 if version >= TCP_FROM else 0, 3 if version >= SCOPES_FROM else 0)
    size = 8 if version < TCP_FROM else 16 if version < SCOPES_FROM else 24
    ruleset = syscall(LANDLOCK_CREATE, ctypes.byref(rules), size, 0)
    try:
        for path in sorted(set(_readable())):
            _allow(ruleset, path)
        syscall(LANDLOCK_RESTRICT, ruleset, 0)
    finally:
        os.close(ruleset)
    return version


def _readable() -> Iterator[str]:
    """Where this interpreter's libraries are, some of which load others on first use; and this package alone of its folder."""
    yield from SYSTEM
    yield str(Path(__file__).parents[2])
    for entry in sys.path:
        if entry.endswith(("-packages", "lib-dynload")) or Path(entry, "os.py").exists():
            yield entry


def _allow(ruleset: int, path: str) -> None:
    try:
        parent = os.open(path, os.O_PATH | os.O_CLOEXEC)
    except OSError:
        return
    try:
        rule = _Beneath(READ_FILE | READ_DIR if os.path.isdir(path) else READ_FILE, parent)
        syscall(LANDLOCK_ADD, ruleset, PATH_BENEATH, ctypes.byref(rule), 0)
    finally:
        os.close(parent)
