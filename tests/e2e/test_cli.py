"""`auditor run`, `resume` and `up` as people use them: real processes, a real model server, real signals."""

import contextlib
import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import jsonschema
import pytest
import urllib3

from auditor.__main__ import main
from auditor.cli.schema import result_schema
from auditor.demo import adult
from auditor.demo.client import wait_until_ready
from auditor.processes import Child, Program, free_port, python

ROOT = Path(__file__).parents[2]
SMALL = {"members": 600, "non_members": 900}

SPEC = """
spec: 1
name: small
target: {{url: {url}, classes: ["<=50K", ">50K"]}}
data: {{members: members.csv, non_members: non_members.csv, label: income}}
learner: {{name: logistic-regression, params: {{C: 0.003, max_iter: 1000}}}}
attacks: {attacks}
shadows: 4
seed: 7
"""


@pytest.fixture(scope="module")
def records(tmp_path_factory):
    """A folder with members.csv and non_members.csv."""
    folder = tmp_path_factory.mktemp("records")
    parts = adult.split(adult.load(), adult.SEED)
    for name, count in SMALL.items():
        getattr(parts, name).head(count).to_csv(folder / f"{name}.csv", index=False)
    return folder


@pytest.fixture(scope="module")
def target(records):
    """The URL of a model server in a process of its own."""
    port = free_port()
    command = python("-m", "auditor.demo.serve", "--port", str(port), "--members", str(records / "members.csv"), "--safe")
    child = Child(Program("the target", command, {"PYTHONPATH": str(ROOT)}, records / "target.log"))
    try:
        wait_until_ready(f"http://127.0.0.1:{port}/v2/health/ready")
        yield f"http://127.0.0.1:{port}/v2/models/income/infer"
    finally:
        child.stop()


@pytest.fixture
def home(tmp_path):
    return tmp_path / "home"


@pytest.fixture
def write_spec(records, target):
    def write(text=SPEC, **values):
        path = records / f"audit-{time.monotonic_ns()}.yaml"
        path.write_text(text.format(**{"url": target, "attacks": "[loss-threshold, gap]", **values}))
        return path

    return write


def environ(home):
    quick = {"AUDITOR_LEASE_SECONDS": "6", "AUDITOR_TICK_SECONDS": "2"}
    return {**os.environ, **quick, "AUDITOR_HOME": str(home), "PYTHONPATH": str(ROOT), "COLUMNS": "120", "OMP_NUM_THREADS": "1"}


def auditor(home, *arguments, timeout=180):
    line = [sys.executable, "-m", "auditor", *map(str, arguments)]
    return subprocess.run(line, env=environ(home), capture_output=True, text=True, timeout=timeout, check=False)


@contextlib.contextmanager
def started(home, *arguments):
    """`auditor` with pipes; what still runs in the end is ended."""
    line = [sys.executable, "-m", "auditor", *map(str, arguments)]
    with subprocess.Popen(line, env=environ(home), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        try:
            yield process
        finally:
            if process.poll() is None:
                process.send_signal(signal.SIGTERM)
                process.communicate(timeout=120)


@pytest.fixture
def start(home):
    """Starts `auditor`; whatever the test leaves is ended."""
    with contextlib.ExitStack() as running:
        yield lambda *arguments: running.enter_context(started(home, *arguments))


@pytest.fixture(scope="module")
def ran(records, target, tmp_path_factory):
    """One finished audit: the process, its result, its home."""
    home = tmp_path_factory.mktemp("home")
    path = records / "audit.yaml"
    path.write_text(SPEC.format(url=target, attacks="[loss-threshold, gap]"))
    output = home / "result.json"
    return auditor(home, "run", path, "--output", output), json.loads(output.read_text()), home


class TestRun:
    def test_the_exit_code_is_the_outcome(self, ran):
        done, result, _ = ran
        assert done.returncode == {"pass": 0, "breach": 1, "inconclusive": 4}[result["audit"]["outcome"]]

    def test_the_result_is_what_the_schema_says(self, ran):
        jsonschema.validate(ran[1], result_schema())

    def test_every_attack_is_in_the_result_and_in_the_table(self, ran):
        done, result, _ = ran
        asked_for = {"loss-threshold", "gap"}
        assert {f["attack"] for f in result["findings"]} | {n["attack"] for n in result["not_run"]} == asked_for
        assert all(name in done.stdout for name in asked_for)

    def test_without_a_terminal_progress_is_plain_lines_on_stderr(self, ran):
        lines = [line for line in ran[0].stderr.splitlines() if re.match(r" *\d+%  [a-z]", line)]
        assert lines, ran[0].stderr  # which activities are seen depends on how long each takes
        assert "\x1b" not in ran[0].stderr + ran[0].stdout

    def test_what_it_cost_was_told_before_and_stands_in_the_result(self, ran):
        done, result, _ = ran
        cost = result["cost"]
        asked = done.stderr.index(cost["estimated"]["sentences"][0])
        assert done.stderr.startswith("No auxiliary records were given")
        assert asked < done.stderr.index("%")
        assert cost["estimated"]["queries_min"] <= cost["actual"]["queries"] <= cost["estimated"]["queries_max"]
        assert cost["estimated"]["fits_min"] <= cost["actual"]["fits"] <= cost["estimated"]["fits_max"]
        assert (cost["actual"]["queries"], cost["actual"]["seconds"]) == (result["audit"]["queries"], result["audit"]["seconds"])

    def test_the_report_comes_from_the_home_or_from_the_file(self, ran, tmp_path):
        _, result, home = ran
        pages = []
        for source in (result["audit"]["id"], home / "result.json"):
            output = tmp_path / f"{len(pages)}.html"
            assert auditor(home, "report", source, "--output", output).returncode == 0
            pages.append(output.read_text())
        assert pages[0] == pages[1]

    def test_a_completed_audit_cannot_be_resumed(self, ran):
        again = auditor(ran[2], "resume", ran[1]["audit"]["id"])
        assert again.returncode == 2
        assert "completed" in again.stderr

    def test_the_same_spec_again_gives_the_same_findings(self, ran, records, tmp_path):
        output = tmp_path / "again.json"
        auditor(tmp_path / "other", "run", records / "audit.yaml", "--output", output)
        again = json.loads(output.read_text())
        for before, after in zip(ran[1]["findings"], again["findings"], strict=True):
            assert before == after


class TestStopping:
    def test_ctrl_c_cancels_cleanly_and_resume_goes_on(self, write_spec, start, home, tmp_path):
        slow = write_spec(SPEC + "budget: {{queries: 100000, rate: 300}}\n")
        running = start("run", slow)
        for line in running.stderr:
            if "asking the target" in line:
                break
        running.send_signal(signal.SIGINT)
        started = time.monotonic()
        out, err = running.communicate(timeout=30)
        assert running.returncode == 3, out + err
        assert time.monotonic() - started < 15
        assert "Traceback" not in err
        audit_id = re.search(r"auditor resume (\S+) --home", err).group(1)
        output = tmp_path / "resumed.json"
        resumed = auditor(home, "resume", audit_id, "--output", output)
        assert resumed.returncode in (0, 1, 4), resumed.stderr
        assert json.loads(output.read_text())["audit"]["id"] == audit_id

    def test_an_audit_whose_process_was_killed_goes_on_with_resume(self, write_spec, start, home, tmp_path):
        slow = write_spec(SPEC + "budget: {{queries: 100000, rate: 300}}\n")
        running = start("run", slow)
        for line in running.stderr:
            if "asking the target" in line:
                break
        running.kill()
        running.communicate(timeout=30)
        audit_id = _only_audit(home)
        again = start("resume", audit_id, "--output", tmp_path / "r.json")
        out, err = again.communicate(timeout=240)
        assert again.returncode in (0, 1, 4), out + err


def _only_audit(home):
    from auditor.store import audits, workspaces
    from auditor.store.engine import open_database

    database = open_database(f"sqlite:///{home / 'auditor.sqlite'}")
    with database.read() as tx:
        (workspace,) = workspaces.workspaces(tx)
        found, _ = audits.page(tx, workspace.id, limit=5)
    database.dispose()
    (audit,) = found
    return audit.id


NOWHERE = "http://127.0.0.1:1/v2/models/income/infer"
LEARNER = "{name: logistic-regression, params: {C: 0.003, max_iter: 1000}}"

# What is wrong: (what is written instead of what, what the sentence says).
BAD = {
    "an unknown key": ("spec: 1", "spec: 1\natacks: quick", "did you mean 'attacks'?"),
    "a label that is not there": ("label: income", "label: incom", "incom"),
    "a missing file": ("members: members.csv", "members: nowhere.csv", "there is no file"),
    "an unset secret": ("classes:", "auth: {kind: bearer, secret: NO_SUCH_TOKEN}, classes:", "environment variable NO_SUCH_TOKEN"),
    "an unreachable target": ("TARGET", NOWHERE, "check target.url and that the server is running"),
    "a wrong protocol": ("classes:", "protocol: kserve-v1, classes:", "target.protocol"),
    "classes that do not match": ('classes: ["<=50K", ">50K"]', 'classes: ["a", "b", "c"]', "class"),
    "an unknown attack": ("[gap]", "[lirra]", "did you mean 'lira'?"),
    "an unknown learner": (LEARNER, "{name: xgbost}", "did you mean 'xgboost'?"),
    "not a mapping": (None, "just text", "mapping"),
    "not YAML": (None, "a: [b", "not YAML"),
}


def broken(kind, url):
    """A spec with one mistake."""
    old, new, _ = BAD[kind]
    if old is None:
        return new
    text = SPEC.format(url="TARGET", attacks="[gap]")
    assert old in text
    return text.replace(old, new, 1).replace("TARGET", url)


@pytest.mark.parametrize("kind", BAD)
def test_bad_input_is_one_sentence(kind, records, target, home, tmp_path, capsys):
    """In this process: its start takes longer than all that is asked here. Those below are real ones."""
    path = records / f"bad-{kind.replace(' ', '-')}.yaml"
    path.write_text(broken(kind, target))
    output = tmp_path / "result.json"
    code = main(["run", str(path), "--output", str(output), "--home", str(home)])
    err = capsys.readouterr().err
    assert code == 2, err
    said = [line for line in err.splitlines() if line.startswith("auditor: ")]
    assert len(said) == 1
    assert BAD[kind][2] in said[0]
    assert "Traceback" not in err
    assert not output.exists()


def test_a_process_ends_with_the_same_sentence_and_code(records, target, home):
    path = records / "bad-process.yaml"
    path.write_text(broken("an unknown key", target))
    done = auditor(home, "run", path)
    assert (done.returncode, done.stderr.count("auditor: ")) == (2, 1)
    assert BAD["an unknown key"][2] in done.stderr
    assert "Traceback" not in done.stderr


def test_a_full_disk_is_one_sentence(write_spec, home, tmp_path):
    """A limit on the size of files stands in for the disk: the system refuses to write either way."""
    line = [sys.executable, "-m", "auditor", "run", str(write_spec())]
    limited = ["bash", "-c", 'ulimit -f 100; trap "" XFSZ; exec "$@"', "limited", *line]
    done = subprocess.run(limited, env=environ(home), capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 2, done.stderr
    assert "Traceback" not in done.stderr
    assert [line for line in done.stderr.splitlines() if line.startswith("auditor: ")]


@pytest.fixture(scope="module")
def service_home(tmp_path_factory):
    return tmp_path_factory.mktemp("up")


@pytest.fixture(scope="module")
def up(service_home):
    port = free_port()
    with started(service_home, "up", "--port", port) as running:
        wait_until_ready(f"http://127.0.0.1:{port}/api/v1/health", seconds=240)
        yield running, port


class TestUp:
    """One service, in the order in which it is used: every start of its four processes costs seconds."""

    def test_the_database_and_the_key_file_belong_to_their_owner(self, up, service_home):
        for path in (service_home / "auditor.sqlite", service_home / "master.key"):
            assert path.stat().st_mode & 0o077 == 0

    def test_a_part_that_dies_comes_back(self, up):
        running, port = up
        (api,) = [pid for pid in _descendants(running.pid) if "\0api\0" in Path(f"/proc/{pid}/cmdline").read_text()]
        os.kill(api, signal.SIGKILL)
        deadline = time.monotonic() + 30
        while api in _descendants(running.pid) and time.monotonic() < deadline:
            time.sleep(0.1)
        wait_until_ready(f"http://127.0.0.1:{port}/api/v1/health", seconds=240)

    def test_it_stops_cleanly_leaves_nothing_running_and_shows_its_key_once(self, up, service_home):
        running, port = up
        family = _descendants(running.pid)
        assert len(family) >= 3
        running.send_signal(signal.SIGTERM)
        out, err = running.communicate(timeout=120)
        assert running.returncode == 0, err
        assert not [pid for pid in family if _is_alive(pid)]
        key = re.search(r"admin key  (pat_\S+)", out).group(1)
        assert f"http://127.0.0.1:{port}/" in out
        with started(service_home, "up", "--port", port) as again:
            wait_until_ready(f"http://127.0.0.1:{port}/api/v1/health", seconds=240)
            answer = urllib3.request("GET", f"http://127.0.0.1:{port}/api/v1/keys", headers={"Authorization": f"Bearer {key}"})
            assert answer.status == 200
            again.send_signal(signal.SIGTERM)
            out, _ = again.communicate(timeout=120)
        assert "pat_" not in out

    def test_a_taken_port_is_one_sentence(self, home):
        with socket.socket() as taken:
            taken.bind(("127.0.0.1", 0))
            taken.listen()
            done = auditor(home, "up", "--port", taken.getsockname()[1])
        assert done.returncode == 2
        assert "is taken; choose another with --port" in done.stderr
        assert done.stderr.count("\n") == 1


def _descendants(pid):
    """Children and their children, by the kernel's own list."""
    found = []
    for task in Path(f"/proc/{pid}/task").glob("*/children"):
        for child in map(int, task.read_text().split()):
            found += [child, *_descendants(child)]
    return found


def _is_alive(pid):
    try:
        return Path(f"/proc/{pid}/stat").read_text().split()[2] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False
