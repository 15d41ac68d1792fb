"""What the process of a model can reach, tried from inside it; and what its parent does when it misbehaves."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from auditor.errors import InvalidInput, TargetRefused
from auditor.serving.isolation.calls import program
from auditor.serving.limits import Limits
from auditor.serving.served import Served, open_model
from auditor.serving.shelf import IDLE, Shelf
from tests import model_files

ROOT = Path(__file__).parents[3]
INSIDE = """
import os, socket, sys, threading
sys.path.append({root!r})
from auditor.serving.isolation import enter_namespaces, lock
parent = os.getppid()
report = lock(enter_namespaces(), 1000)
{tried}
print("reached", flush=True)
"""


NO_LANDLOCK = """
import ctypes, struct
from auditor.serving.isolation.kernel import prctl, syscall
code = [(0x20, 0, 0, 0), (0x15, 0, 1, 444), (0x06, 0, 0, 0x00050026), (0x06, 0, 0, 0x7FFF0000)]  # landlock_create_ruleset: ENOSYS
data = b"".join(struct.pack("=HBBI", call, yes, no, value) for call, yes, no, value in code)
buffer = ctypes.create_string_buffer(data, len(data))
filter = struct.pack("@HxxxxxxP", len(code), ctypes.addressof(buffer))
prctl(38, 1)
syscall({"x86_64": 317, "aarch64": 277}[os.uname().machine], 1, 0, ctypes.create_string_buffer(filter, len(filter)))
"""
"""A host without Landlock: a filter that says so before anything else is asked."""


def without_landlock(tried: str) -> str:
    code = INSIDE.format(root=str(ROOT), tried=tried).replace("parent = ", NO_LANDLOCK + "parent = ")
    done = subprocess.run([sys.executable, "-I", "-B", "-c", code], capture_output=True, text=True, timeout=60, env={})
    return done.stdout.strip() or done.stderr.strip().splitlines()[-1]


@pytest.mark.parametrize(
    "tried", ["open('/etc/passwd').read()", "open(os.__file__).read()", "os.listdir('/')", "open('/dev/shm/x', 'w')"]
)
def test_without_landlock_no_file_can_be_opened_at_all(tried: str) -> None:
    assert "Permission denied" in without_landlock(tried)


def test_without_landlock_it_is_told_and_counts_as_kept_from_the_disk() -> None:
    assert without_landlock("print(report.files_restricted, report.files_closed, report.disk)").startswith("False True True")


HOST = """
import os, sys
sys.path[:0] = [{root!r}]
{no_landlock}
import pandas as pd
from auditor.serving.limits import Limits
from auditor.serving.served import open_model
frame = pd.read_parquet({frame!r})
served = open_model(open({model!r}, "rb").read(), Limits(allow_weak={weak}))
print(served.sandbox["files"], len(served.ask(frame).numbers) == len(frame))
served.close()
"""


@pytest.mark.parametrize(
    ("make", "weak", "files"),
    [(model_files.skops_file, False, "none can be opened"), (model_files.perceptron_file, True, "NOT restricted")],
)
def test_without_landlock_models_answer_all_the_same(
    tmp_path: Path, make: Callable[[], model_files.Saved], weak: bool, files: str
) -> None:
    """Skops imports what it meets in a file, so all that it may meet is imported before; who allows it does without the wall."""
    made, model, frame = make(), tmp_path / "model", tmp_path / "frame"
    model.write_bytes(made.data)
    made.frame.to_parquet(frame)
    code = HOST.format(root=str(ROOT), no_landlock=NO_LANDLOCK, frame=str(frame), model=str(model), weak=weak)
    done = subprocess.run([sys.executable, "-B", "-c", code], capture_output=True, text=True, timeout=120)
    assert done.stdout.strip() == f"{files} True", done.stderr[-500:]


def inside(tried: str, namespaces: bool = True) -> str:
    """What a process within the walls says of an attempt: its result, or the error's name."""
    code = INSIDE.format(root=str(ROOT), tried=tried)
    if not namespaces:  # as where the host forbids them
        code = code.replace("enter_namespaces, lock", "Report, lock").replace("enter_namespaces()", "Report()")
    done = subprocess.run([sys.executable, "-I", "-B", "-c", code], capture_output=True, text=True, timeout=30, env={})
    return done.stdout.strip() or done.stderr.strip().splitlines()[-1]


@pytest.mark.parametrize(
    ("tried", "says"),
    [
        ("socket.socket()", "Function not implemented"),
        ("socket.socket(socket.AF_UNIX)", "Function not implemented"),
        ("os.fork()", "Permission denied"),
        ("os.execv('/bin/true', ['true'])", "Function not implemented"),
        ("open('/etc/passwd').read()", "Permission denied"),
        ("os.listdir(os.path.expanduser('/root'))", "Permission denied"),
        ("open('/dev/shm/x', 'w')", "Permission denied"),
        ("os.kill(os.getppid(), 0)", "Function not implemented"),
        ("bytearray(2_000_000_000)", "MemoryError"),
        ("os.mkdir('/tmp/made')", "Function not implemented"),
    ],
)
def test_nothing_outside_can_be_reached(tried: str, says: str) -> None:
    assert says in inside(tried)


@pytest.mark.parametrize(
    "tried",
    [
        "import ctypes; libc = ctypes.CDLL(None, use_errno=True)\n"
        "tgkill = {'x86_64': 234, 'aarch64': 131}[os.uname().machine]\n"
        "assert libc.syscall(tgkill, parent, parent, 0) == 0, os.strerror(ctypes.get_errno())",
        "import resource; resource.prlimit(parent, resource.RLIMIT_CPU)",
        "import fcntl; fcntl.fcntl(0, fcntl.F_SETOWN, parent)",
        "import fcntl; fcntl.fcntl(0, 10, 9)",
    ],
)
def test_without_namespaces_the_parent_can_be_neither_signalled_nor_limited(tried: str) -> None:
    assert "Permission denied" in inside(tried, namespaces=False)


def test_signals_and_limits_of_its_own_are_there() -> None:
    own = "import resource, signal; resource.setrlimit(resource.RLIMIT_CPU, (50, 60)); signal.raise_signal(signal.SIGCONT)"
    assert inside(own, namespaces=False) == inside(own) == "reached"


def test_what_computing_needs_is_there() -> None:
    assert inside("threading.Thread(target=lambda: None).start(); import decimal, ctypes.util; sum(range(10))") == "reached"


@pytest.mark.parametrize("machine", ["x86_64", "aarch64"])
def test_the_filter_names_another_architecture_first_and_refuses_last(machine: str) -> None:
    code = program(machine, 1)
    assert len(code) % 8 == 0
    assert code[-4:] == (0x00050000 | 38).to_bytes(4, "little")


def test_an_unknown_architecture_has_no_filter_and_says_so() -> None:
    with pytest.raises(OSError, match="riscv64"):
        program("riscv64", 1)


@pytest.fixture
def served() -> Iterator[Served]:
    made = open_model(model_files.perceptron_file().data, Limits(seconds=2.0))
    yield made
    made.close()


def test_the_process_has_no_environment_and_no_descriptors_of_its_parent(served: Served) -> None:
    with open(os.devnull) as ours:
        os.set_inheritable(ours.fileno(), True)
        again = open_model(model_files.perceptron_file().data)
        names = [os.readlink(f"/proc/{again.process.pid}/fd/{fd}") for fd in os.listdir(f"/proc/{again.process.pid}/fd")]
        environ = Path(f"/proc/{again.process.pid}/environ").read_bytes()
        again.close()
    assert names == []  # the one that waits outside has closed all of its own
    assert b"PATH" not in environ
    assert b"HOME" not in environ


def test_a_process_that_was_killed_is_told_once_and_asked_no_more(served: Served) -> None:
    os.killpg(served.process.pid, 9)
    with pytest.raises(TargetRefused, match="killed") as first:
        served.ask(model_files.numeric())
    with pytest.raises(TargetRefused) as second:
        served.ask(model_files.numeric())
    assert first.value.sentence == second.value.sentence
    assert served.process.poll() is not None


ORPHAN = """
import os, sys, time
sys.path[:0] = [{root!r}]
from auditor.serving.served import open_model
served = open_model(open({model!r}, "rb").read())
(inner,) = open(f"/proc/{{served.process.pid}}/task/{{served.process.pid}}/children").read().split()
os.kill(int(inner), 19)  # it computes, and hears nothing
print(inner, flush=True)
time.sleep(60)
"""


def test_a_model_does_not_outlive_a_worker_that_was_killed(tmp_path: Path) -> None:
    model = tmp_path / "model"
    model.write_bytes(model_files.perceptron_file().data)
    code = ORPHAN.format(root=str(ROOT), model=str(model))
    with subprocess.Popen([sys.executable, "-B", "-c", code], stdout=subprocess.PIPE, text=True) as worker:
        assert worker.stdout is not None
        inner = Path("/proc", worker.stdout.readline().strip())
        assert inner.exists()
        worker.kill()
    deadline = time.monotonic() + 10
    while inner.exists() and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not inner.exists()


def test_a_process_that_does_not_answer_is_ended(served: Served) -> None:
    os.killpg(served.process.pid, 19)
    began = time.monotonic()
    with pytest.raises(TargetRefused, match="longer than 2 seconds, AUDITOR_MODEL_SECONDS"):
        served.ask(model_files.numeric())
    assert time.monotonic() - began < 6
    assert served.process.poll() is not None


def test_too_little_memory_is_a_sentence() -> None:
    with pytest.raises(Exception, match=r"AUDITOR_MODEL_MEMORY_MB|limits allow|could not be started"):
        open_model(model_files.onnx_file().data, Limits(memory_mb=80))


def test_without_isolation_it_is_refused_unless_that_is_allowed(served: Served) -> None:
    from auditor.serving.frames import Line, Message
    from auditor.serving.served import _greet

    def greeted(limits: Limits, **stands: bool) -> dict[str, object]:
        reading, writing = os.pipe()
        Line(0, writing).send(Message({"walls": {"missing": ["namespaces: Operation not permitted"]}, **stands}))
        os.dup2(reading, served.process.stdout.fileno())  # type: ignore[union-attr]
        os.close(reading)
        os.close(writing)
        weak = Served(served.kind, limits, served.process, served.folder)
        _greet(weak)
        return weak.sandbox

    with pytest.raises(InvalidInput, match=r"Operation not permitted.*AUDITOR_ALLOW_WEAK_SANDBOX=1"):
        greeted(Limits(), network=False, disk=True)
    with pytest.raises(InvalidInput, match=r"give up its disk .*AUDITOR_ALLOW_WEAK_SANDBOX=1"):
        greeted(Limits(), network=True, disk=False)
    weak = greeted(Limits(allow_weak=True), network=False, disk=False)
    assert (weak["network"], weak["files"]) == ("NOT isolated", "NOT restricted")


def test_a_model_is_started_once_and_again_only_when_it_has_ended() -> None:
    shelf, reads = Shelf(), []

    def read() -> bytes:
        reads.append(1)
        return model_files.perceptron_file().data

    first = shelf.take("digest", read, Limits())
    assert shelf.take("digest", read, Limits()) is first
    first.close()
    assert shelf.take("digest", read, Limits()) is not first
    assert len(reads) == 2
    shelf.clear()


def test_a_model_that_is_thinking_makes_no_room_for_others() -> None:
    shelf = Shelf()
    slow = shelf.take("slow", lambda: model_files.perceptron_file().data, Limits(seconds=2.0))
    os.killpg(slow.process.pid, signal.SIGSTOP)

    def ask() -> None:
        with pytest.raises(TargetRefused):
            slow.describe()

    asked = threading.Thread(target=ask)
    asked.start()
    time.sleep(0.2)
    slow_for = time.monotonic() - slow.asked
    asked.join()
    shelf.clear()
    assert slow_for < IDLE - 3600
