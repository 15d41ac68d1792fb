"""The parent's side of a model in a process of its own: started once, asked many times, ended for certain."""

import contextlib
import math
import os
import subprocess
import sys
import tempfile
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from auditor.domain.parameters import ModelParameters
from auditor.errors import BadAnswer, InvalidInput, TargetRefused, Unavailable
from auditor.serving.cells import from_frame, to_message
from auditor.serving.describe import from_arrays
from auditor.serving.frames import Broken, Line, Message, TooSlow
from auditor.serving.limits import MEGABYTE, STRONG, WEAK, Limits
from auditor.serving.recognise import FIELD, FileKind, recognise

STARTING = 60.0
CALM = 5.0
TOO_WEAK = (
    "this host lets no process give up its {what} ({why}), so a model file cannot be kept from it; allow user namespaces,"
    " seccomp or Landlock, or set AUDITOR_ALLOW_WEAK_SANDBOX=1 and say so in the audit"
)
ENDED = "The process of the model ended ({how}); the file is damaged or crafted, or needs more than its limits allow."


@dataclass(frozen=True, eq=False)
class Answer:
    """`numbers` (n, k) finite, or `labels` (n,); `names` (k,) the classes of the columns, where the file says them."""

    numbers: NDArray[np.float64] | None
    labels: tuple[str, ...] | None = None
    names: tuple[str, ...] | None = None


@dataclass(eq=False)
class Served:
    """One exchange at a time. Once it has ended it stays ended: every further question gets the same sentence."""

    kind: FileKind
    limits: Limits
    process: "subprocess.Popen[bytes]"
    folder: "tempfile.TemporaryDirectory[str]"
    walls: dict[str, Any] = field(default_factory=dict)
    ended: str | None = None
    asked: float = field(default_factory=time.monotonic)
    _lock: Any = field(default_factory=threading.RLock)

    def load(self, data: bytes) -> None:
        """Has the process read another file of the same kind; raises InvalidInput("target.model")."""
        try:
            reply = self._exchange(Message({"ask": "load"}, {"file": np.frombuffer(data, np.uint8)}))
        except TargetRefused as ended:
            raise InvalidInput(FIELD, ended.sentence[:1].lower() + ended.sentence[1:].rstrip(".")) from None
        if "refused" in reply.head:
            raise InvalidInput(FIELD, _told(reply))

    def ask(self, frame: pd.DataFrame) -> Answer:
        """Raises BadAnswer where the model cannot answer these records, TargetRefused where its process ended."""
        reply = self._exchange(to_message(from_frame(frame), {"ask": "answer"}))
        if "refused" in reply.head:
            raise BadAnswer(f"The model cannot answer: {_told(reply)}.")
        return _checked(reply, len(frame))

    def describe(self) -> ModelParameters | None:
        """What the model was fitted to, None where its format has no neutral form here; raises as `ask`."""
        reply = self._exchange(Message({"ask": "describe"}))
        if "refused" in reply.head:
            raise BadAnswer(f"The model cannot be described: {_told(reply)}.")
        try:
            return from_arrays(reply)
        except Broken:
            raise BadAnswer("The process of the model described it with numbers that do not fit together.") from None

    @property
    def sandbox(self) -> dict[str, Any]:
        """What stands between the model and the machine, for the record."""
        return {
            "network": "isolated" if self.walls.get("network") else "NOT isolated",
            "processes": "isolated" if self.walls.get("namespaces") else "NOT isolated",
            "system_calls": "filtered" if self.walls.get("calls_filtered") else "NOT filtered",
            "files": _files(self.walls),
            "memory_mb": self.limits.memory_mb,
            "seconds": self.limits.seconds,
            "missing": list(self.walls.get("missing", ())),
        }

    def close(self) -> None:
        """Ends the process and whatever it started, now."""
        self.ended = self.ended or "The process of the model was closed."
        for pipe in (self.process.stdin, self.process.stdout):
            if pipe is not None:
                pipe.close()
        _kill(self.process)
        self.folder.cleanup()

    def _exchange(self, message: Message, seconds: float | None = None) -> Message:
        with self._lock:
            if self.ended is not None:
                raise TargetRefused(self.ended)
            self.asked = math.inf  # not idle, however long it takes
            line = self._line(seconds or self.limits.seconds)
            try:
                line.send(message)
                return line.receive()
            except TooSlow:
                raise self._end(f"it took longer than {self.limits.seconds:g} seconds, AUDITOR_MODEL_SECONDS") from None
            except (Broken, OSError):
                raise self._end(self._how()) from None
            finally:
                self.asked = time.monotonic()

    def _line(self, seconds: float) -> Line:
        incoming, outgoing = _descriptors(self.process)
        return Line(incoming, outgoing, time.monotonic() + seconds)

    def _end(self, how: str) -> TargetRefused:
        self.ended = ENDED.format(how=how)
        self.close()
        return TargetRefused(self.ended)

    def _how(self) -> str:
        try:
            status = self.process.wait(CALM)
        except subprocess.TimeoutExpired:
            return "it stopped speaking"
        number = -status if status < 0 else status - 128 if status > 128 else 0
        known = {9: "killed, for memory or processor time", 11: "signal 11, a read beyond its memory", 24: "out of processor time"}
        return known.get(number, f"signal {number}" if number else f"status {status}")


def open_model(data: bytes, limits: Limits = Limits()) -> Served:
    """Starts the process, lets it wall itself in, and has it read the file.

    Raises InvalidInput("target.model"), also where this host cannot keep the file from the network; Unavailable where no process
    can be started.
    """
    kind = recognise(data)
    if len(data) > limits.file_mb * MEGABYTE:
        raise InvalidInput(FIELD, f"the model file has {len(data):,} bytes; at most {limits.file_mb * MEGABYTE:,} are taken")
    served = _start(kind, limits)
    try:
        _greet(served)
        served.load(data)
    except BaseException:
        served.close()
        raise
    return served


def _greet(served: Served) -> None:
    hello = served._line(STARTING)
    try:
        reply = hello.receive()
    except (Broken, TooSlow):
        raise Unavailable("The process for the model file could not be started; try again, or look for what ends it.") from None
    if "refused" in reply.head:
        raise InvalidInput(FIELD, _told(reply))
    stands = {what: bool(reply.head.get(what)) for what in ("network", "disk")}
    served.walls = {**dict(reply.head.get("walls") or {}), **stands}
    if not all(stands.values()) and not served.limits.allow_weak:
        what = " and ".join(what for what, is_up in stands.items() if not is_up)
        raise InvalidInput(FIELD, TOO_WEAK.format(what=what, why="; ".join(map(str, served.walls.get("missing", ())))[:200]))


def _files(walls: dict[str, Any]) -> str:
    if walls.get("files_restricted"):
        return "libraries only"
    return "none can be opened" if walls.get("files_closed") else "NOT restricted"


def _start(kind: FileKind, limits: Limits) -> Served:
    """An interpreter that sees no environment but the numbers of threads, in an empty folder, with two pipes and nothing else."""
    folder = tempfile.TemporaryDirectory(prefix="model-")
    package = str(Path(__file__).parents[2])
    code = f"import sys; sys.path.append({package!r}); from auditor.serving.child import main; main(*sys.argv[1:])"
    weak = WEAK if limits.allow_weak else STRONG
    command = (sys.executable, "-I", "-B", "-c", code, str(kind), str(limits.memory_mb), str(limits.seconds), weak)
    environ = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")
    process = subprocess.Popen(
        command,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env=environ,
        cwd=folder.name,
        start_new_session=True,
        bufsize=0,
    )
    os.set_blocking(_descriptors(process)[1], False)
    return Served(kind, limits, process, folder)


def _descriptors(process: "subprocess.Popen[bytes]") -> tuple[int, int]:
    """What the process says, and what it hears."""
    if process.stdout is None or process.stdin is None:
        raise Broken
    return process.stdout.fileno(), process.stdin.fileno()


def _kill(process: "subprocess.Popen[bytes]") -> None:
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, 9)
    process.wait()


def _told(reply: Message) -> str:
    text = str(reply.head.get("refused", ""))[:400]
    return "".join(c if c.isprintable() else " " for c in text).rstrip(". ")


def _checked(reply: Message, n: int) -> Answer:
    """The process held a stranger's file, so its answers are believed no more than a server's."""
    names, labels, numbers = (reply.head.get("names"), reply.head.get("labels"), reply.arrays.get("numbers"))
    if numbers is None:
        if not isinstance(labels, list) or len(labels) != n or not all(isinstance(one, str) for one in labels):
            raise BadAnswer(f"The model gave no answer that fits {n:,} records.")
        return Answer(None, tuple(labels))
    if numbers.ndim != 2 or len(numbers) != n or not numbers.shape[1]:
        raise BadAnswer(f"The model gave {len(numbers):,} answers for {n:,} records.")
    if not np.isfinite(numbers).all():
        raise BadAnswer("The model's answer holds NaN or infinite numbers; it must answer every record with finite ones.")
    if names is not None and (not isinstance(names, list) or len(names) != numbers.shape[1]):
        raise BadAnswer("The model names more or fewer classes than it gives numbers.")
    return Answer(numbers.astype(np.float64), None, None if names is None else tuple(map(str, names)))
