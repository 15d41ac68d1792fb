"""Child processes that live and end together: the API, a worker, beat, a target."""

import ctypes
import errno
import logging
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from auditor.errors import Unavailable

log = logging.getLogger(__name__)

PR_SET_PDEATHSIG = 1  # prctl(2)
GRACE_SECONDS = 10.0
TAKEN = (errno.EADDRINUSE,)
LONGEST_WAIT = 30.0
HEALTHY_SECONDS = 30.0


@dataclass(frozen=True)
class Program:
    """What to start, and the file that takes its output (None: the terminal)."""

    name: str
    command: tuple[str, ...]
    environ: Mapping[str, str] = field(default_factory=dict)
    output: Path | None = None


def python(*arguments: str) -> tuple[str, ...]:
    """A command of this very interpreter."""
    return (sys.executable, *arguments)


class Child:
    """A started program, in a process group of its own: Ctrl-C reaches the parent alone, who then ends its children in order."""

    def __init__(self, program: Program) -> None:
        self.program = program
        self.started = time.monotonic()
        self.process = _start(program)

    @property
    def has_ended(self) -> bool:
        return self.process.poll() is not None

    def stop(self, grace: float = GRACE_SECONDS) -> int:
        """Asks first, then insists; returns the exit status."""
        self.ask_to_stop()
        try:
            return self.process.wait(grace)
        except subprocess.TimeoutExpired:
            self._signal(signal.SIGKILL)
            return self.process.wait()

    def ask_to_stop(self) -> None:
        if not self.has_ended:
            self._signal(signal.SIGTERM)

    def _signal(self, number: signal.Signals) -> None:
        try:
            os.killpg(self.process.pid, number)
        except ProcessLookupError:
            return


def _start(program: Program) -> "subprocess.Popen[bytes]":
    environ = {**os.environ, **program.environ}
    command = python("-m", "auditor.processes", str(os.getpid()), *program.command)
    if program.output is None:
        return subprocess.Popen(command, env=environ, start_new_session=True)
    program.output.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    with program.output.open("ab") as sink:
        return subprocess.Popen(command, env=environ, start_new_session=True, stdout=sink, stderr=sink)


@dataclass
class _Seat:
    """A program that is to be running, and when it may be started again."""

    program: Program
    child: Child
    wait: float = 0.5
    not_before: float = 0.0


class Supervisor:
    """Keeps programs running: one that ends is started again, after a pause that grows while it keeps ending."""

    def __init__(self, programs: Sequence[Program]) -> None:
        self._seats: list[_Seat] = []
        try:
            for program in programs:
                self._seats.append(_Seat(program, Child(program)))
        except BaseException:
            self.stop()
            raise

    def look(self) -> None:
        """To be called again and again."""
        for seat in self._seats:
            if seat.child.has_ended:
                self._revive(seat)

    def run(self, until: Callable[[], bool], every: float = 0.2) -> None:
        while not until():
            self.look()
            time.sleep(every)

    def stop(self) -> None:
        """All are asked at once, so that the slowest decides how long it takes."""
        children = [seat.child for seat in self._seats]
        for child in children:
            child.ask_to_stop()
        for child in children:
            child.stop()

    def _revive(self, seat: _Seat) -> None:
        now = time.monotonic()
        if not seat.not_before:
            seat.wait = 0.5 if now - seat.child.started > HEALTHY_SECONDS else min(LONGEST_WAIT, seat.wait * 2)
            seat.not_before = now + seat.wait
            log.warning(
                "%s ended with status %s; starting it again in %.0f s", seat.program.name, seat.child.process.returncode, seat.wait
            )
        if now >= seat.not_before:
            seat.child, seat.not_before = Child(seat.program), 0.0


def free_port() -> int:
    """A loopback port that was free a moment ago."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def check_port(host: str, port: int) -> None:
    """Raises Unavailable if nobody could listen there."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        with socket.socket(family) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind((host, port))
    except (OSError, OverflowError) as error:
        reason = "is taken" if getattr(error, "errno", None) in TAKEN else "cannot be used"
        raise Unavailable(f"port {port} on {host} {reason}; choose another with --port") from None


def wait_for_port(child: Child, port: int, seconds: float = 60.0) -> None:
    """Returns once someone listens on the loopback port; raises Unavailable if the child ends or takes too long."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if child.has_ended:
            raise Unavailable(f"{child.program.name} ended before it was ready{_see(child)}")
        with socket.socket() as probe:
            probe.settimeout(0.5)
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    raise Unavailable(f"{child.program.name} was not ready within {seconds:.0f} s{_see(child)}")


def _see(child: Child) -> str:
    return f"; {child.program.output} says why" if child.program.output else ""


def become(parent: int, command: Sequence[str]) -> None:
    """Turns this process into the command, to be asked to stop when the parent dies in whatever way: nobody is left behind."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
    if os.getppid() != parent:  # it died before it could be watched
        return
    try:
        os.execvp(command[0], list(command))  # noqa: S606 - a command of our own, without a shell
    except OSError as error:
        sys.exit(f"{command[0]} cannot be started: {error.strerror}")


if __name__ == "__main__":
    become(int(sys.argv[1]), sys.argv[2:])
