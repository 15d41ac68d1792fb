"""Child processes: started, watched, started again, and gone at the end."""

import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from auditor.errors import Unavailable
from auditor.processes import Child, Program, Supervisor, check_port, free_port, python, wait_for_port

SLEEPS = python("-c", "import time; time.sleep(60)")
STUBBORN = python(
    "-c", "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('ready', flush=True); time.sleep(60)"
)


def wait_for(condition, seconds=10.0):
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.02)


@pytest.fixture
def start():
    children = []

    def begin(*arguments, **more):
        children.append(Child(Program("a child", *arguments, **more)))
        return children[-1]

    yield begin
    for child in children:
        child.stop(grace=0.1)


def test_a_child_runs_this_interpreter():
    assert python("-V") == (sys.executable, "-V")


def test_a_child_ends_when_it_is_asked(start):
    child = start(SLEEPS)
    assert not child.has_ended
    assert child.stop() == -signal.SIGTERM
    assert child.has_ended


def test_a_child_that_does_not_listen_is_killed(start, tmp_path):
    child = start(STUBBORN, output=tmp_path / "out.log")
    wait_for(lambda: (tmp_path / "out.log").read_text() == "ready\n")
    assert child.stop(grace=0.2) == -signal.SIGKILL


def test_stopping_twice_is_fine(start):
    child = start(SLEEPS)
    child.stop()
    assert child.stop() == -signal.SIGTERM


def test_a_child_has_a_group_of_its_own_so_that_ctrl_c_reaches_the_parent_alone(start):
    child = start(SLEEPS)
    assert os.getpgid(child.process.pid) == child.process.pid != os.getpgid(0)


def test_grandchildren_go_too(start, tmp_path):
    code = (
        "import subprocess as s, sys; p = s.Popen([sys.executable, '-c', 'input()'], stdin=-1); print(p.pid, flush=True); p.wait()"
    )
    child = start(python("-c", code), output=tmp_path / "pid")
    wait_for(lambda: (tmp_path / "pid").read_text().endswith("\n"))
    grandchild = int((tmp_path / "pid").read_text())
    child.stop()
    wait_for(lambda: _is_gone(grandchild))


def _is_gone(pid):
    try:
        with open(f"/proc/{pid}/stat", encoding="utf-8") as file:
            return file.read().split()[2] == "Z"
    except FileNotFoundError:
        return True


def test_output_is_appended_to_a_file_that_only_its_owner_enters(start, tmp_path):
    output = tmp_path / "logs" / "child.log"
    for word in ("first", "second"):
        start(python("-c", f"print('{word}')"), output=output).process.wait(10)
    assert output.read_text() == "first\nsecond\n"
    assert output.parent.stat().st_mode & 0o077 == 0


def test_the_environment_is_added_to_ours(start, tmp_path):
    output = tmp_path / "out"
    child = start(python("-c", "import os; print(os.environ['WORD'], 'PATH' in os.environ)"), environ={"WORD": "x"}, output=output)
    child.process.wait(10)
    assert output.read_text() == "x True\n"


class TestSupervisor:
    @pytest.fixture
    def tally(self, tmp_path):
        """A program that writes a line and ends; the file says how often it was started."""
        path = tmp_path / "tally"
        return Program("short", python("-c", "print('started', flush=True)"), output=path), path

    def test_what_ends_is_started_again_after_a_pause(self, tally, caplog):
        program, path = tally
        supervisor = Supervisor([program])
        try:
            supervisor.run(until=lambda: path.exists() and path.read_text().count("started") >= 2, every=0.05)
        finally:
            supervisor.stop()
        assert "short ended with status 0; starting it again" in caplog.text

    def test_the_pause_grows_while_it_keeps_ending(self, tally, caplog):
        program, path = tally
        supervisor = Supervisor([program])
        deadline = time.monotonic() + 2.0
        supervisor.run(until=lambda: time.monotonic() > deadline, every=0.05)
        supervisor.stop()
        assert path.read_text().count("started") <= 3

    def test_stop_ends_all(self, tmp_path):
        supervisor = Supervisor([Program("one", SLEEPS), Program("two", SLEEPS)])
        supervisor.look()
        children = [seat.child for seat in supervisor._seats]
        supervisor.stop()
        assert all(child.has_ended for child in children)

    def test_a_program_that_is_not_there_is_told_in_its_log(self, tmp_path):
        log = tmp_path / "log"
        child = Child(Program("two", (str(tmp_path / "no-such-program"),), output=log))
        assert child.process.wait(10) == 1
        assert "no-such-program cannot be started: No such file or directory" in log.read_text()

    def test_children_end_when_their_parent_is_killed(self, tmp_path):
        pid = tmp_path / "pid"
        code = (
            "import time\nfrom pathlib import Path\nfrom auditor.processes import Child, Program, python\n"
            f"child = Child(Program('one', python('-c', 'import time; time.sleep(60)')))\n"
            f"Path({str(pid)!r}).write_text(str(child.process.pid))\ntime.sleep(60)"
        )
        parent = subprocess.Popen([sys.executable, "-c", code], env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])})
        try:
            wait_for(lambda: pid.exists() and pid.read_text())
            time.sleep(0.3)  # the child has to ask for it first
            child = int(pid.read_text())
            assert not _is_gone(child)
        finally:
            parent.kill()
            parent.wait()
        wait_for(lambda: _is_gone(child))


class TestPorts:
    @pytest.fixture
    def taken(self):
        with socket.socket() as listener:
            listener.bind(("127.0.0.1", 0))
            listener.listen()
            yield listener.getsockname()[1]

    def test_a_free_port_can_be_used(self):
        check_port("127.0.0.1", free_port())

    def test_a_taken_port_is_one_sentence(self, taken):
        with pytest.raises(Unavailable, match=f"^port {taken} on 127.0.0.1 is taken; choose another with --port$"):
            check_port("127.0.0.1", taken)

    @pytest.mark.parametrize(("host", "port"), [("127.0.0.1", 70000), ("192.0.2.1", 8000), ("no.such.host.invalid", 8000)])
    def test_what_is_no_port_or_not_our_address_is_one_sentence(self, host, port):
        with pytest.raises(Unavailable, match="cannot be used; choose another"):
            check_port(host, port)

    def test_waiting_ends_when_someone_listens(self, start, taken):
        wait_for_port(start(SLEEPS), taken, seconds=5)

    def test_waiting_ends_when_the_child_does(self, start, tmp_path):
        child = start(python("-c", ""), output=tmp_path / "child.log")
        with pytest.raises(Unavailable, match=r"a child ended before it was ready; .*child\.log says why"):
            wait_for_port(child, free_port(), seconds=10)

    def test_waiting_has_an_end(self, start):
        with pytest.raises(Unavailable, match="a child was not ready within 0 s"):
            wait_for_port(start(SLEEPS), free_port(), seconds=0.2)
