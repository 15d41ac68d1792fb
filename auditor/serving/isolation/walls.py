"""All walls, in order, and what stands: what a host does not allow is recorded and not hidden."""

import ctypes
import os
import resource
import time
from dataclasses import asdict, dataclass, replace
from typing import Any

from auditor.serving.isolation.calls import filter_calls
from auditor.serving.isolation.files import restrict_files
from auditor.serving.isolation.kernel import number, prctl, syscall

NEW_USER, NEW_NET, NEW_PID, NEW_IPC, NEW_UTS = 0x10000000, 0x40000000, 0x20000000, 0x08000000, 0x04000000
DIE_WITH_PARENT, NOT_DUMPABLE, NO_NEW_PRIVILEGES = 1, 4, 38
THREADS, DESCRIPTORS = 64, 64
LOOK_SECONDS = 0.1
CAPABILITIES_V3 = 0x20080522


@dataclass(frozen=True)
class Report:
    """What keeps a model from the rest of the machine. `missing`: what this host did not allow, and its reason."""

    namespaces: bool = False
    calls_filtered: bool = False
    files_restricted: bool = False
    files_closed: bool = False
    memory_mb: int = 0
    missing: tuple[str, ...] = ()

    @property
    def network(self) -> bool:
        """An empty network of its own, or no way to make a socket."""
        return self.namespaces or self.calls_filtered

    @property
    def disk(self) -> bool:
        """No file but the libraries, or none at all: what a crafted model can read, it can tell in its answers."""
        return self.files_restricted or self.files_closed

    def without(self, what: str, error: OSError) -> "Report":
        return replace(self, missing=(*self.missing, f"{what}: {error.strerror or error}"))

    def as_json(self) -> dict[str, Any]:
        return asdict(self) | {"missing": list(self.missing)}


def enter_namespaces() -> Report:
    """A user, network, process, IPC and host name of its own; this process goes on as their first, its parent only waits."""
    try:
        syscall(number("unshare"), NEW_USER | NEW_NET | NEW_PID | NEW_IPC | NEW_UTS)
    except OSError as error:
        return Report().without("namespaces", error)
    child = os.fork()
    if child:
        _wait_for(child)
    prctl(DIE_WITH_PARENT, 9)
    return Report(namespaces=True)


def _wait_for(child: int) -> None:
    """Ends as the child ended, so that its parent sees the same; and with the parent, so that nobody computes on for a worker that
    was killed."""
    for descriptor in (0, 1, 2):
        os.close(descriptor)
    parent = os.getppid()
    while not (found := os.waitpid(child, os.WNOHANG))[0]:
        if os.getppid() != parent:
            os._exit(1)
        time.sleep(LOOK_SECONDS)
    ended = os.waitstatus_to_exitcode(found[1])
    os._exit(ended if ended >= 0 else 128 - ended)


def lock(report: Report, memory_mb: int, allow_weak: bool = False) -> Report:
    """Limits, no privileges, libraries as the only files, few system calls. To be called with everything imported; where the host
    has no Landlock, no file can be opened any more, unless that is allowed."""
    _limit(memory_mb, report.namespaces)
    prctl(NOT_DUMPABLE, 0)
    prctl(NO_NEW_PRIVILEGES, 1)
    report = replace(report, memory_mb=memory_mb)
    try:
        restrict_files()
        report = replace(report, files_restricted=True)
    except OSError as error:
        report = report.without("files", error)
    _drop_capabilities()
    try:
        filter_calls(may_open=report.files_restricted or allow_weak)
    except OSError as error:
        return report.without("system calls", error)
    return replace(report, calls_filtered=True, files_closed=not (report.files_restricted or allow_weak))


def _limit(memory_mb: int, alone: bool) -> None:
    """Threads are counted for all processes of a user, so they are limited only where this process is the user's only one."""
    limits = {resource.RLIMIT_AS: memory_mb * 1_000_000, resource.RLIMIT_FSIZE: 0, resource.RLIMIT_CORE: 0}
    limits |= {resource.RLIMIT_NOFILE: DESCRIPTORS} | ({resource.RLIMIT_NPROC: THREADS} if alone else {})
    for kind, most in limits.items():
        _, hard = resource.getrlimit(kind)
        most = most if hard == resource.RLIM_INFINITY else min(most, hard)
        resource.setrlimit(kind, (most, most))


def _drop_capabilities() -> None:
    header = (ctypes.c_uint32 * 2)(CAPABILITIES_V3, 0)
    syscall(number("capset"), ctypes.byref(header), ctypes.byref((ctypes.c_uint32 * 6)()))


def allow_seconds(seconds: float) -> None:
    """Processor time from now on, for the next request; past it the kernel ends the process."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    most = int(used.ru_utime + used.ru_stime + seconds) + 1
    _, hard = resource.getrlimit(resource.RLIMIT_CPU)
    resource.setrlimit(resource.RLIMIT_CPU, (most if hard == resource.RLIM_INFINITY else min(most, hard), hard))
