"""System calls that Python has no function for."""

import ctypes
import os
import platform
from typing import Any

_libc = ctypes.CDLL(None, use_errno=True)
_libc.syscall.restype = ctypes.c_long
NUMBERS = {
    "x86_64": {"seccomp": 317, "capset": 126, "unshare": 272},
    "aarch64": {"seccomp": 277, "capset": 91, "unshare": 97},
}
LANDLOCK_CREATE, LANDLOCK_ADD, LANDLOCK_RESTRICT = 444, 445, 446  # the same on every architecture


def number(name: str) -> int:
    """Raises OSError on an architecture that is not known here."""
    try:
        return NUMBERS[platform.machine()][name]
    except KeyError:
        raise OSError(0, f"no system call numbers for {platform.machine()}") from None


def syscall(called: int, *arguments: Any) -> int:
    """Arguments are numbers or ctypes pointers; raises OSError."""
    result = int(_libc.syscall(ctypes.c_long(called), *(ctypes.c_long(a) if isinstance(a, int) else a for a in arguments)))
    if result < 0:
        error = ctypes.get_errno()
        raise OSError(error, os.strerror(error))
    return result


def prctl(option: int, argument: int = 0) -> None:
    if _libc.prctl(option, ctypes.c_ulong(argument), ctypes.c_ulong(0), ctypes.c_ulong(0), ctypes.c_ulong(0)) != 0:
        error = ctypes.get_errno()
        raise OSError(error, os.strerror(error))
