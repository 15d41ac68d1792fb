"""A seccomp filter: the system calls that computing needs, and no others (Linux 3.5; seccomp(2)).

What is not listed answers ENOSYS, as on a kernel that never had it: no sockets, no new programs or processes, no files to write.
"""

import ctypes
import errno
import os
import platform
import struct
from dataclasses import dataclass

from auditor.serving.isolation.kernel import number, syscall

ALLOWED = {
    "x86_64": (
        "0 1 3 4 5 6 7 8 9 10 11 12 13 14 15 17 19 20 21 24 25 28 32 35 39 60 63 79 89 96 97 98 99 100 102 104 107 108 131 158"
        " 160 186 202 204 217 218 219 228 229 230 231 262 267 269 271 273 318 324 332 334 439"
    ),
    "aarch64": (
        "17 23 48 57 61 62 63 64 65 66 67 73 78 79 80 93 94 96 98 99 101 113 114 115 123 124 128 132 134 135 139 153 160 163"
        " 164 165 169 172 174 175 176 177 178 179 214 215 216 222 226 233 278 283 291 293 439"
    ),
}
"""read, write, memory, signals to itself, clocks, status of files, limits, threads and their locks: numbers of asm/unistd.h."""


@dataclass(frozen=True)
class _Machine:
    """`opens`: calls that open a file, and which argument holds the flags. `clone`: allowed for threads alone. `signal`, `limits`:
    to itself and of itself alone; `control` of descriptors: not whom they send signals."""

    audit: int
    opens: tuple[tuple[int, int], ...]
    clone: int
    signal: int
    limits: int
    control: int


MACHINES = {
    "x86_64": _Machine(0xC000003E, ((2, 1), (257, 2)), 56, 234, 302, 72),
    "aarch64": _Machine(0xC00000B7, ((56, 2),), 220, 131, 261, 25),
}
WRITES = 0o1103  # O_WRONLY, O_RDWR, O_CREAT, O_TRUNC
THREAD = 0x00010000  # CLONE_THREAD
OWNER = 8  # the bit of F_SETOWN, F_SETSIG and F_SETOWN_EX
ANY = 0xFFFFFFFF
X32 = 0x40000000
ALLOW, KILL = 0x7FFF0000, 0x80000000
REFUSE, NO_ACCESS = 0x00050000 | errno.ENOSYS, 0x00050000 | errno.EACCES
LOAD, EQUAL, AT_LEAST, ANY_BIT, RETURN = 0x20, 0x15, 0x35, 0x45, 0x06
NUMBER, ARCHITECTURE, ARGUMENTS = 0, 4, 16
SET_FILTER, ALL_THREADS = 1, 1


class _Program(ctypes.Structure):
    _fields_ = (("length", ctypes.c_ushort), ("filter", ctypes.c_void_p))


def filter_calls(may_open: bool = True) -> None:
    """For this process, for good; raises OSError where it cannot be. Needs no_new_privs. `may_open`: to read."""
    code = program(platform.machine(), os.getpid(), may_open)
    buffer = ctypes.create_string_buffer(code, len(code))
    made = _Program(len(code) // 8, ctypes.cast(buffer, ctypes.c_void_p))
    syscall(number("seccomp"), SET_FILTER, ALL_THREADS, ctypes.byref(made))


def program(name: str, process: int, may_open: bool = True) -> bytes:
    """The filter of this process as classic BPF; raises OSError for an architecture that is not known here."""
    if name not in MACHINES:
        raise OSError(0, f"no system call numbers for {name}")
    machine = MACHINES[name]
    code = [_op(LOAD, ARCHITECTURE), _op(EQUAL, machine.audit, 1, 0), _op(RETURN, KILL), _op(LOAD, NUMBER)]
    if name == "x86_64":
        code += [_op(AT_LEAST, X32, 0, 1), _op(RETURN, KILL)]
    for called, argument in machine.opens:
        code += _if_called(called, argument, WRITES, (NO_ACCESS, ALLOW if may_open else NO_ACCESS))
    code += _if_called(machine.clone, 0, THREAD, (ALLOW, NO_ACCESS))
    code += _if_called(machine.limits, 0, ANY, (NO_ACCESS, ALLOW))
    code += _if_called(machine.control, 1, OWNER, (NO_ACCESS, ALLOW))
    code += [_op(EQUAL, machine.signal, 0, 4), _op(LOAD, ARGUMENTS), _op(EQUAL, process, 0, 1), _op(RETURN, ALLOW)]
    code += [_op(RETURN, NO_ACCESS)]
    for text in ALLOWED[name].split():
        code += [_op(EQUAL, int(text), 0, 1), _op(RETURN, ALLOW)]
    return b"".join([*code, _op(RETURN, REFUSE)])


def _if_called(called: int, argument: int, bits: int, verdicts: tuple[int, int]) -> list[bytes]:
    """One call whose argument decides: any of the bits set, none of them set."""
    some, none = verdicts
    return [
        _op(EQUAL, called, 0, 4),
        _op(LOAD, ARGUMENTS + 8 * argument),
        _op(ANY_BIT, bits, 0, 1),
        _op(RETURN, some),
        _op(RETURN, none),
    ]


def _op(code: int, value: int, if_true: int = 0, if_false: int = 0) -> bytes:
    return struct.pack("=HBBI", code, if_true, if_false, value)
